"""ImageReward (arXiv 2304.05977), through its own package."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine.votes.images import read_picture
from fabric_widget.evaluation.scorers.weights.loading import fetching, place_of, usable_device
from fabric_widget.evaluation.scorers.weights.packages import import_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL import Image

MODEL = "ImageReward-v1.0"
REPOSITORY = "THUDM/ImageReward"
CHECKPOINT = "ImageReward.pt"
SETTINGS = "med_config.json"
_CURE = (
    "image-reward 1.5 cannot be imported beside transformers 5, which this package needs: install "
    "a later release of it that can, or judge with pickscore or hpsv2"
)


@dataclass(frozen=True, kw_only=True)
class ImageReward:
    """The model of the package ImageReward.

    Attributes
    ----------
    name
        Its name among the scorers.
    model
        As the package loads it. It scores one picture at a time.
    """

    name: str
    model: Any

    @torch.inference_mode()
    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the reward of each picture: (n,), about standard normal over its training data."""
        rewards = [self.model.score(prompt, read_picture(picture)) for picture in pictures]
        return np.array(rewards, dtype=np.float64)


def load(name: str, *, weights: str | Path | None, device: str) -> ImageReward:
    """Load ImageReward; see `load_scorer`.

    `weights` is the checkpoint, with its med_config.json beside it, or a folder with both. The
    package also wants the tokenizer of bert-base-uncased.
    """
    there = usable_device(device)
    place = Path(place_of(name, weights, REPOSITORY))
    package = import_package(name, "ImageReward", "image-reward", cure=_CURE)
    arguments: dict[str, str] = {"name": MODEL}
    if weights is not None:
        checkpoint = place / CHECKPOINT if place.is_dir() else place
        arguments = {"name": str(checkpoint), "med_config": str(checkpoint.parent / SETTINGS)}
    # The package prints its progress to stdout, which may carry JSON.
    with fetching(name, str(place)), redirect_stdout(sys.stderr):
        model = package.load(device=there, **arguments)
    return ImageReward(name=name, model=model.eval())

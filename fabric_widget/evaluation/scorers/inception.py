"""Inception v3 of 2015: whose activations define the Fréchet inception distance."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.evaluation.scorers.batching import CHUNK, in_batches, unit
from fabric_widget.evaluation.scorers.errors import MissingWeights, WrongWeights
from fabric_widget.evaluation.scorers.weights.loading import usable_device
from fabric_widget.evaluation.scorers.weights.packages import import_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL import Image

FILE = "weights-inception-2015-12-05-6726825d.pth"
"""The network of TensorFlow's release of 2015-12-05, as torch-fidelity converted it."""
WIDTH = 2048
"""How many numbers the last pooling layer has."""


@dataclass(frozen=True, kw_only=True)
class Inception:
    """The network of FID, through torch-fidelity.

    It resizes and averages like the original in TensorFlow. Distances over its activations can be
    compared only with FID figures from the same weights, the same resizing and as many pictures.

    Attributes
    ----------
    name
        Its name among the scorers.
    model
        torch-fidelity's feature extractor.
    device
        Where it runs.
    chunk
        Batch size, if all pictures have the same size.
    """

    name: str
    model: Any
    device: torch.device
    chunk: int = CHUNK

    def activations(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the means of the last pooling layer, not normalised: (n, 2048)."""
        return in_batches(self._look, pictures, WIDTH, self.chunk)

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the activations at unit length: (n, 2048)."""
        return unit(self.activations(pictures))

    def _look(self, pictures: list[Image.Image]) -> torch.Tensor:
        if len({picture.size for picture in pictures}) > 1:
            return torch.cat([self._look([picture]) for picture in pictures])
        pixels = np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2)
        seen: torch.Tensor = self.model(torch.tensor(pixels, device=self.device))[0]
        return seen


def load(name: str, *, weights: str | Path | None, device: str) -> Inception:
    """Load the network of FID; see `load_scorer`.

    `weights` is torch-fidelity's file or a folder with it; by default it is looked for in torch's
    hub folder.
    """
    there = usable_device(device)
    path = _file(name, weights)
    extractor = import_package(name, "torch_fidelity", "torch-fidelity").FeatureExtractorInceptionV3
    try:
        # torch-fidelity unpickles any file; this allows only files that hold nothing but tensors.
        torch.load(path, map_location="cpu", weights_only=True)
        model = extractor(name, [str(WIDTH)], feature_extractor_weights_path=str(path))
    except (RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        message = f"{name}: {path} does not hold the weights of {FILE}: {error}"
        raise WrongWeights(message) from error
    return Inception(name=name, model=model.to(there), device=there)


def _file(name: str, weights: str | Path | None) -> Path:
    hub = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    path = hub if weights is None else Path(weights).expanduser()
    if path.is_dir():
        path /= FILE
    if not path.is_file():
        message = (
            f"{name}: there is no {path}. Download {FILE} from release 0.2.0 of torch-fidelity "
            "(github.com/toshas/torch-fidelity) to there, or name it with --weights (weights= in "
            "Python). FID figures compare only over these same weights"
        )
        raise MissingWeights(message)
    return path

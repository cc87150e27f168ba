"""Human Preference Score v2.1 (arXiv 2306.09341): CLIP ViT-H/14 fine-tuned on human preferences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.evaluation.scorers.clip import BASE, Clip, load_tokenizer
from fabric_widget.evaluation.scorers.errors import WrongWeights
from fabric_widget.evaluation.scorers.weights.loading import (
    TOKENIZER_FILES,
    complete,
    fetching,
    place_of,
    place_with,
    usable_device,
)
from fabric_widget.evaluation.scorers.weights.open_clip import from_open_clip

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

REPOSITORY = "xswu/HPSv2"
CHECKPOINT = "HPS_v2.1_compressed.pt"


def load(name: str, *, weights: str | Path | None, device: str) -> Clip:
    """Load HPS v2.1; see `load_scorer`.

    The score is the cosine, as its authors' package returns it; their tables give 100 × that.
    `weights` may be the checkpoint, or a folder with it. Without a config.json and a tokenizer in
    the folder, those of the base model are used.
    """
    from transformers import AutoConfig

    there = usable_device(device)
    place = place_of(name, weights, REPOSITORY)
    base = place if (Path(place) / "config.json").is_file() else BASE
    tokenizer = load_tokenizer(name, place_with(TOKENIZER_FILES, base, BASE))
    with fetching(name, base, "configuration"):
        config = AutoConfig.from_pretrained(base)
    return Clip(
        name=name,
        model=_model(name, _checkpoint(name, place), config).to(there),
        tokenizer=tokenizer,
        prepare=letterboxed(config.vision_config.image_size),
        scale=1.0,
    )


def letterboxed(side: int) -> Callable[[list[Image.Image]], torch.Tensor]:
    """Return a function from pictures to pixel values (n, 3, side, side), as HPS v2 was trained.

    Unlike CLIP it uses the whole picture: the longer side is resized to `side`, the rest is padded
    with black.
    """
    from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (OPENAI_CLIP_MEAN, OPENAI_CLIP_STD))

    def letterbox(picture: Image.Image) -> torch.Tensor:
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div(255)
        scale = side / max(picture.size)
        height, width = (max(round(length * scale), 1) for length in pixels.shape[1:])
        fitted = torch.nn.functional.interpolate(
            pixels[None], (height, width), mode="bicubic", antialias=True
        )[0]
        boxed = torch.zeros(3, side, side)
        top, left = (side - height) // 2, (side - width) // 2
        boxed[:, top : top + height, left : left + width] = fitted
        return (boxed - mean) / std

    return lambda pictures: torch.stack([letterbox(picture) for picture in pictures])


def _checkpoint(name: str, place: str) -> str:
    """Return the path of the checkpoint, downloaded if necessary."""
    from transformers.utils import cached_file

    if Path(place).is_file():
        return place
    with fetching(name, place, "checkpoint", CHECKPOINT):
        found: str = cached_file(place, CHECKPOINT)
    return found


def _model(name: str, path: str, config: Any) -> Any:  # noqa: ANN401 - transformers has no types
    """Return the ``CLIPModel`` of a configuration with the weights of a checkpoint."""
    from transformers import CLIPModel

    if config.model_type != CLIPModel.config_class.model_type:
        message = f"{name}: the configuration is of a {config.model_type!r}, not of a 'clip'"
        raise WrongWeights(message)
    with fetching(name, path):
        stored = torch.load(path, map_location="cpu", weights_only=True)
        renamed = from_open_clip(stored.get("state_dict", stored))
        model, report = CLIPModel.from_pretrained(
            None, config=config, state_dict=renamed, dtype=torch.float32, output_loading_info=True
        )
    complete(name, path, report)
    return model.eval()

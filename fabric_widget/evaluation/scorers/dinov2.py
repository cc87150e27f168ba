"""DINOv2: how alike two pictures are, seen by a model that never read a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.scorers.batching import CHUNK, in_batches, unit
from fabric_widget.evaluation.scorers.catalogue import SCORERS
from fabric_widget.evaluation.scorers.weights.loading import (
    PROCESSOR_FILES,
    load_image_processor,
    load_model,
    place_of,
    place_with,
    usable_device,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import torch
    from PIL import Image


@dataclass(frozen=True, kw_only=True)
class Dinov2:
    """A DINOv2 model that sees pictures as vectors.

    Attributes
    ----------
    name
        Its name among the scorers.
    model
        A ``Dinov2Model`` of transformers.
    processor
        The model's image processor.
    chunk
        How many pictures the model sees at once.
    """

    name: str
    model: Any
    processor: Any
    chunk: int = CHUNK

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the CLS tokens of the last layer, normalised by it, at unit length: (n, d)."""
        return unit(in_batches(self._look, pictures, self.model.config.hidden_size, self.chunk))

    def _look(self, pictures: list[Image.Image]) -> torch.Tensor:
        pixels = self.processor(images=pictures, return_tensors="pt")["pixel_values"]
        seen = self.model(pixel_values=pixels.to(self.model.device, self.model.dtype))
        cls: torch.Tensor = seen.last_hidden_state[:, 0]
        return cls


def load(name: str, *, weights: str | Path | None, device: str) -> Dinov2:
    """Load DINOv2 image similarity; see `load_scorer`."""
    from transformers import Dinov2Model

    there = usable_device(device)
    standard = SCORERS[name].weights
    place = place_of(name, weights, standard)
    model = load_model(name, Dinov2Model, place, there)
    processor = load_image_processor(name, place_with(PROCESSOR_FILES, place, standard))
    return Dinov2(name=name, model=model, processor=processor)

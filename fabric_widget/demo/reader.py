"""The reader: a small classifier of the attributes in a picture of the demo model.

It is trained on rendered scenes only, never on pictures of the denoiser, so it measures exactly
whether feedback worked.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from .scenes import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

WEIGHTS = Path(__file__).parent / "model" / "reader.safetensors"
RESOLUTION = 64
"""Side of the pictures that the reader is trained on; others are resized to it."""


@dataclass(frozen=True)
class Reading:
    """The attributes that the reader sees in one picture.

    Attributes
    ----------
    probabilities
        attribute -> value -> probability; the values of one attribute add up to one.
    """

    probabilities: Mapping[str, Mapping[str, float]]

    def best(self, name: str) -> str:
        """Return the most probable value of an attribute."""
        values = self.probabilities[name]
        return max(values, key=values.__getitem__)


class Reader(nn.Module):
    """A convolutional classifier with one output for each attribute of a scene."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 64, 64)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.SiLU()]
            layers += [nn.Conv2d(after, after, 3, padding=1), nn.GroupNorm(1, after), nn.SiLU()]
        side = RESOLUTION // 2 ** (len(widths) - 1)
        self.see = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side**2, 192))
        self.tell = nn.Linear(192, sum(len(values) for values in ATTRIBUTES.values()))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits of each attribute, in the order of `ATTRIBUTES`.

        Parameters
        ----------
        pixels
            float32 (n, 3, 64, 64) in -1 ... 1.
        """
        sizes = [len(values) for values in ATTRIBUTES.values()]
        logits: torch.Tensor = self.tell(torch.nn.functional.silu(self.see(pixels)))
        return torch.split(logits, sizes, dim=-1)

    @torch.no_grad()
    def read(self, images: Sequence[Image.Image]) -> list[Reading]:
        """Return the attributes of each picture."""
        if not images:
            return []
        side = (RESOLUTION, RESOLUTION)
        fitted = [np.asarray(image.convert("RGB").resize(side)) for image in images]
        pixels = torch.from_numpy(np.stack(fitted)).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        probabilities = [logits.softmax(-1).tolist() for logits in self(pixels)]
        return [
            Reading(
                {
                    name: dict(zip(values, rows[i], strict=True))
                    for (name, values), rows in zip(ATTRIBUTES.items(), probabilities, strict=True)
                }
            )
            for i in range(len(images))
        ]


@cache
def load_reader() -> Reader:
    """Load the reader that ships with the demo model.

    Raises
    ------
    FileNotFoundError
        Its weights are missing.
    """
    if not WEIGHTS.exists():
        msg = f"no reader at {WEIGHTS}; make one with: python -m fabric_widget train-demo"
        raise FileNotFoundError(msg)
    reader = Reader()
    reader.load_state_dict({k: v.float() for k, v in load_file(WEIGHTS).items()})
    return reader.eval()

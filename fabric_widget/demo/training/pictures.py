"""The training set: scenes drawn once and saved as one array."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from fabric_widget.demo.scenes import Scene, render

from .loop import progress

if TYPE_CHECKING:
    from pathlib import Path


class Pictures:
    """Scenes and their renderings, in memory.

    Attributes
    ----------
    scenes : list of Scene
    pixels : uint8 array of shape (count, resolution, resolution, 3)
    """

    def __init__(self, scenes: list[Scene], pixels: np.ndarray) -> None:
        self.scenes = scenes
        self.pixels = pixels

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.scenes)

    def tensor(self, indices: torch.Tensor | slice) -> torch.Tensor:
        """Return pictures as float32 (n, 3, h, w) in -1 ... 1."""
        chosen = self.pixels[indices if isinstance(indices, slice) else indices.numpy()]
        return torch.from_numpy(chosen).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def draw(count: int, resolution: int, seed: int, folder: Path) -> Pictures:
    """Draw `count` random scenes, or read them back where `folder` already has them."""
    stem = folder / f"pictures-{seed}-{count}-{resolution}"
    array, words = stem.with_suffix(".npy"), stem.with_suffix(".json")
    if not words.exists():
        rng = random.Random(seed)
        scenes = []
        pixels = np.empty((count, resolution, resolution, 3), np.uint8)
        for i in progress(range(count), "pictures"):
            scenes.append(Scene.sample(rng))
            pixels[i] = np.asarray(render(scenes[-1], rng, resolution))
        np.save(array, pixels)
        words.write_text(json.dumps([asdict(scene) for scene in scenes]))
    return Pictures([Scene(**s) for s in json.loads(words.read_text())], np.load(array))

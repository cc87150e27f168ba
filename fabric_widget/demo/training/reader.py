"""Train the reader: rendered scenes in, attributes out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from fabric_widget.demo.reader import RESOLUTION, Reader
from fabric_widget.demo.scenes import ATTRIBUTES, Scene

from .loop import step_seed, train
from .pictures import Pictures, draw

if TYPE_CHECKING:
    from pathlib import Path

    from .recipe import Recipe


def fit(recipe: Recipe, pictures: Pictures, folder: Path, device: torch.device) -> Reader:
    """Train the reader on rendered scenes, blurred and noised at random.

    Blur and noise imitate the errors of an autoencoder.
    """
    torch.manual_seed(recipe.seed)
    reader = Reader().to(device)
    answers = _answers(pictures.scenes)

    def loss(step: int, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(step_seed(recipe.seed, step))
        chosen = torch.randint(len(pictures), (recipe.reader.batch,), generator=generator)
        x = pictures.tensor(chosen)
        if rng.random() < 0.5:  # noqa: PLR2004 - half the batches
            mix = rng.random()
            x = torch.lerp(
                x, functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False), mix
            )
        x = x + torch.randn(x.shape, generator=generator) * rng.uniform(0, 0.15)
        logits = reader(x.to(device))
        wanted = answers[chosen].to(device).T
        # Flowers and fish always have the same eyes: the loss counts those of monsters only.
        counted = wanted[list(ATTRIBUTES).index("kind")] == 0
        total = torch.stack(
            [
                (
                    functional.cross_entropy(a, w, reduction="none")
                    * (counted if name == "eyes" else 1)
                ).mean()
                for name, a, w in zip(ATTRIBUTES, logits, wanted, strict=True)
            ]
        ).sum()
        return total, {}

    train("reader", recipe.reader, reader, loss, folder, seed=recipe.seed)
    return reader


@torch.no_grad()
def accuracy(reader: Reader, recipe: Recipe, folder: Path) -> dict[str, float]:
    """Return how often the reader is right on scenes it has never seen, by attribute."""
    held_out = draw(recipe.held_out, RESOLUTION, recipe.seed + 1, folder)
    device = next(reader.parameters()).device
    logits = [
        reader(held_out.tensor(slice(i, i + 500)).to(device)) for i in range(0, len(held_out), 500)
    ]
    wanted = _answers(held_out.scenes).T
    monsters = wanted[list(ATTRIBUTES).index("kind")] == 0
    figures = {}
    for i, name in enumerate(ATTRIBUTES):
        right = torch.cat([part[i].argmax(-1).cpu() for part in logits]) == wanted[i]
        figures[name] = (right[monsters] if name == "eyes" else right).float().mean().item()
    return figures


def _answers(scenes: list[Scene]) -> torch.Tensor:
    """Return the index of every attribute's value, (n, attributes)."""
    return torch.tensor(
        [[ATTRIBUTES[n].index(getattr(scene, n)) for n in ATTRIBUTES] for scene in scenes]
    )

"""A fabric that makes pictures out of its arguments alone, for laws about bookkeeping."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from fabric_widget.engine import Everything, GeneratedImage, Round


class RecordingFabric:
    """Notes what it was asked for; `failure` is raised instead of a round, once."""

    plan = Everything()

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.failure: BaseException | None = None

    def __call__(self, prompt: str, *, num_images: int, seed: int, **others: Any) -> Round:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        recipes = others.pop("plan")
        assert len(recipes) == num_images
        for side in ("liked", "disliked"):
            votes = sorted(getattr(recipes[0], side), key=lambda vote: vote.place)
            others[side] = tuple((vote.content, vote.strength) for vote in votes)
        self.requests.append({"prompt": prompt, "num_images": num_images, "seed": seed, **others})
        images = tuple(
            GeneratedImage(
                image=Image.new("RGB", (2, 2)),
                latents=torch.full((1, 1, 1), float(seed + i)),
                seed=seed + i,
                prompt=prompt,
            )
            for i in range(num_images)
        )
        return Round(images, prompt, seed, recipes=tuple(recipes))


@pytest.fixture
def fabric() -> Any:
    """Return a recording fabric, typed loosely so that it may stand in for a `Fabric`."""
    return RecordingFabric()

"""Every family with every sampler: what feedback must do, and what it must not."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fabric_widget.engine import Fabric
from tests.engine import tiny

SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}
SEED = 5
PICTURES = 2


def plain_latents(pipe: Any) -> torch.Tensor:
    """Return what the pipeline makes by itself."""
    generators = [torch.Generator().manual_seed(SEED + i) for i in range(PICTURES)]
    output = pipe(
        "a cat",
        num_images_per_prompt=PICTURES,
        generator=generators,
        output_type="latent",
        **SETTINGS,
    )
    latents: torch.Tensor = output.images
    return latents


def latents_of(images: Any) -> torch.Tensor:
    return torch.stack([image.latents for image in images])


@pytest.mark.parametrize("sampler", tiny.SCHEDULERS)
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_feedback_and_its_absence(family: str, sampler: str) -> None:
    pipe = tiny.pipeline(family, sampler)
    plain = plain_latents(pipe)
    fabric = Fabric(pipe)

    without = fabric("a cat", num_images=PICTURES, seed=SEED, **SETTINGS)
    assert torch.equal(latents_of(without), plain)

    def fed() -> torch.Tensor:
        made = fabric(
            "a cat",
            num_images=PICTURES,
            seed=SEED,
            liked=[without[0]],
            disliked=[without[1]],
            **SETTINGS,
        )
        return latents_of(made)

    cold, warm = fed(), fed()
    assert cold.isfinite().all()
    assert (cold - plain).abs().max() > 1e-3
    assert torch.equal(cold, warm)
    assert torch.equal(plain_latents(pipe), plain)

"""The published method does the work of the engine that spares nothing: equal pictures on all."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from fabric_widget.bench.published import Published
from fabric_widget.engine import Everything, Fabric, GeneratedImage, Schedule, TokenBudget
from fabric_widget.zoo import tiny

TOLERANCE = 1e-5
SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}


def references(count: int) -> list[GeneratedImage]:
    generator = torch.Generator().manual_seed(3)
    side = tiny.SIDE // 2
    return [
        GeneratedImage(
            Image.new("RGB", (8, 8)), torch.randn(4, side, side, generator=generator), i, ""
        )
        for i in range(count)
    ]


def latents(round_: Any) -> torch.Tensor:
    return torch.stack([image.latents for image in round_])


PAPER, WINDOW = Schedule.paper(), Schedule(start=0.4, end=0.4)


@pytest.mark.parametrize(
    ("family", "sampler", "likes", "dislikes", "schedule", "offload"),
    [
        ("SD 1", "DDIM", 2, 3, PAPER, False),
        ("SD 1", "Euler", 3, 0, Schedule(end=1.0), True),
        ("SD 1", "DPM++ 2M", 1, 1, WINDOW, False),
        ("SD 2", "Euler ancestral", 0, 2, PAPER, False),
        ("SDXL", "Euler", 2, 1, Schedule(end=1.0), False),
        ("SDXL", "UniPC", 0, 0, PAPER, False),
    ],
)
def test_pictures_are_those_of_the_engine(
    family: str, sampler: str, likes: int, dislikes: int, schedule: Schedule, *, offload: bool
) -> None:
    pipe = tiny.pipeline(family, sampler)
    images = references(likes + dislikes)
    votes: dict[str, Any] = {"liked": images[:likes], "disliked": images[likes:]}
    common: dict[str, Any] = {"num_images": 2, "seed": 11, **SETTINGS}
    fabric = Fabric(pipe, plan=Everything(), schedule=schedule, token_budget=TokenBudget.exact())
    ours = latents(fabric("a cat", **common, **votes))
    plain = latents(fabric("a cat", **common))
    published = Published(pipe, schedule, offload=offload)
    theirs = published("a cat", output_type="latent", **common, **votes).images
    scale = float(plain.abs().max())
    assert float((theirs - ours).abs().max()) <= TOLERANCE * scale
    moved = float((theirs - plain).abs().max())
    assert (moved > 100 * TOLERANCE * scale) is bool(images)


def test_without_guidance_there_is_one_branch() -> None:
    pipe = tiny.pipeline()
    images = references(2)
    common: dict[str, Any] = {"num_images": 2, "seed": 1, "num_inference_steps": 2}
    common |= {"guidance_scale": 1.0, "liked": images}
    schedule = Schedule(end=1.0)
    theirs = Published(pipe, schedule)("a", output_type="latent", **common).images
    fabric = Fabric(pipe, plan=Everything(), schedule=schedule, token_budget=TokenBudget.exact())
    ours = latents(fabric("a", **common))
    assert (theirs - ours).abs().max() <= TOLERANCE * ours.abs().max()


def test_the_pipeline_is_as_it_was() -> None:
    pipe = tiny.pipeline()
    before = dict(pipe.unet.attn_processors)
    forward = pipe.unet.forward

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    common: dict[str, Any] = {"num_images": 1, "seed": 0, "liked": references(1), **SETTINGS}
    with pytest.raises(KeyboardInterrupt):
        Published(pipe, Schedule())("a", callback_on_step_end=stop, **common)
    assert pipe.unet.attn_processors == before
    assert pipe.unet.forward == forward


def test_layers_that_count_differently_are_refused() -> None:
    with pytest.raises(ValueError, match=r"bottleneck_scale is 0\.5"):
        Published(tiny.pipeline(), Schedule(bottleneck_scale=0.5))

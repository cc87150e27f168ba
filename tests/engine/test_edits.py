"""Pipelines that edit: votes steer them, beside whatever they are given."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import ImageOps

from fabric_widget.engine import BadReference, Explore, Fabric, TokenBudget, Vote
from fabric_widget.zoo import ZOO
from tests.engine.rounds import EVERY_STEP, latents_of, picture, published

# What some of diffusers' own pipelines say of each other.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

INPAINT = "SD 1 inpainting, 9 channels"


def make(fabric: Fabric, name: str, prompt: str = "a cat", **arguments: Any) -> torch.Tensor:
    ours: dict[str, Any] = {"num_images": 1, "seed": 3, "schedule": EVERY_STEP}
    return latents_of(fabric(prompt, **{**ours, **ZOO[name].arguments, **arguments}))


def moved(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max() / b.std())


def test_a_picture_among_its_own_keys_beside_its_own_source() -> None:
    """Its reference pass sees what it saw when it was made: mask and masked picture included."""
    arguments = ZOO[INPAINT].arguments
    pipe = ZOO[INPAINT].build()
    with torch.no_grad():  # sources are encoded anew in each call, nearly alike if trained
        pipe.vae.quant_conv.weight[4:] = 0
        pipe.vae.quant_conv.bias[4:] = -30
    fabric = published(pipe, token_budget=TokenBudget.exact())
    [own] = fabric("", num_images=1, seed=3, **arguments)
    assert own.trajectory is not None
    assert own.trajectory.latents.shape[1:] == own.latents.shape
    plain, fed = make(fabric, INPAINT, ""), make(fabric, INPAINT, "", liked=[own])
    assert moved(fed, plain) < 1e-4
    other = {"image": ImageOps.flip(arguments["image"])}
    plain = make(fabric, INPAINT, "", **other)
    assert moved(make(fabric, INPAINT, "", liked=[own], **other), plain) > 1e-3


@pytest.mark.parametrize("name", [INPAINT, "Flux Kontext"])
def test_votes_on_edits(name: str) -> None:
    """By upload and by trajectory; order is nothing, a part and an aspect are something."""
    fabric = published(ZOO[name].build())
    [made] = fabric("a cat", num_images=1, seed=8, **ZOO[name].arguments)
    upload = picture(1, 64, 20)
    plain = make(fabric, name)
    both = make(fabric, name, liked=[made, upload])
    assert torch.equal(both, make(fabric, name, liked=[upload, made]))
    alone = [make(fabric, name, liked=[vote]) for vote in (made, upload)]
    part = make(fabric, name, liked=[Vote(upload, part=(0, 0, 0.5, 0.5))])
    results = [plain, both, *alone, part]
    for i, one in enumerate(results):
        assert all(moved(one, other) > 1e-3 for other in results[:i])


@pytest.mark.parametrize("name", ["Flux Control", "SD 2 upscaler"])
def test_start_noise_is_not_what_else_a_generator_draws(name: str) -> None:
    """Some pipelines draw from it first to encode a source, or to blur it."""
    [made] = published(ZOO[name].build())("a cat", num_images=1, **ZOO[name].arguments)
    assert made.trajectory is not None
    assert made.start_noise is not None
    drawn, seen = (
        x.flatten().sort().values for x in (made.start_noise, made.trajectory.latents[0])
    )
    assert torch.equal(drawn, seen)


def test_each_picture_of_a_plan_follows_its_own() -> None:
    name = "InstructPix2Pix"
    fabric = Fabric(ZOO[name].build(), plan=Explore())
    [liked, disliked] = fabric("a cat", num_images=2, seed=8, **ZOO[name].arguments)
    votes: dict[str, Any] = {"liked": [liked], "disliked": [disliked], "num_images": 3}
    fed = make(fabric, name, **votes)
    plain = make(fabric, name, num_images=3)
    assert fed.isfinite().all()
    assert moved(fed, plain) > 1e-3


def test_latents_of_another_size_where_none_is_asked_for() -> None:
    """What is beside the latents has a size, and no other can be had: that is said."""
    name = "InstructPix2Pix"
    fabric = published(ZOO[name].build())
    large = ZOO[name].arguments["image"].resize((32, 32))
    [made] = fabric("a cat", num_images=1, **ZOO[name].arguments | {"image": large})
    with pytest.raises(BadReference, match="16 by 16 latents is not of the size"):
        make(fabric, name, liked=[made])
    assert make(fabric, name, liked=[made.image]).isfinite().all()

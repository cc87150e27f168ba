"""The expected picture: exact for solvers of first order, never worse than the noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from fabric_widget import load_demo
from fabric_widget.engine.preview.predicted_original import (
    OriginalPredictor,
    less_noisy,
    noise_level,
    predicted_original,
    roughness,
)
from fabric_widget.zoo import tiny
from tests.engine.rounds import published

FIRST_ORDER = ["DDIM", "Euler", "flow"]
SHAPE = (2, 4, 8, 8)


def scheduler(name: str) -> Any:
    if name == "flow":
        return FlowMatchEulerDiscreteScheduler(shift=3.0)
    return tiny.scheduler(name)


def smooth(seed: int = 0) -> torch.Tensor:
    """Return latents that look like a picture: no neighbour far from the next."""
    coarse = torch.randn(2, 4, 2, 2, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, SHAPE[-2:], mode="bicubic")


def followed(name: str, clean: torch.Tensor) -> list[torch.Tensor | None]:
    """Sample with a denoiser that always knows `clean`; return what is expected at each step."""
    solver = scheduler(name)
    solver.set_timesteps(8)
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    told = []
    predictor = OriginalPredictor(solver)
    latents = noise * getattr(solver, "init_noise_sigma", 1.0)
    for index, timestep in enumerate(solver.timesteps):
        predictor.enter(index, timestep)
        signal, level = noise_level(solver, timestep) or (1.0, 1.0)
        e = (latents - signal * clean) / level
        guess = e - clean if name == "flow" else e
        latents = solver.step(guess, timestep, latents).prev_sample
        told.append(predicted_original(predictor.leave(latents)))
    return told


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_a_solver_of_first_order_tells_its_clean_latents(name: str) -> None:
    clean = smooth()
    told = followed(name, clean)
    assert told[:2] == [None, None]  # two points are needed, and the start is not shown
    for latents in told[2:]:
        assert latents is not None
        torch.testing.assert_close(latents, clean, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", tiny.SCHEDULERS)
def test_every_sampler_shows_previews_and_is_left_as_it_was(name: str) -> None:
    def made(on_step: Any) -> list[bytes]:
        fabric = published(tiny.pipeline(sampler=name))
        run = fabric("abc", num_images=2, seed=3, num_inference_steps=4, on_step=on_step)
        return [image.latents.numpy().tobytes() for image in run]

    sizes: list[int] = []
    assert made(lambda p: sizes.append(len(p.previews()))) == made(None)
    assert sizes
    assert set(sizes) == {2}


def test_the_less_noisy_is_shown() -> None:
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(2))
    picture = smooth()
    assert roughness(noise) > 1.5
    assert roughness(picture) < 0.7
    assert less_noisy(noise, picture) is picture
    assert less_noisy(picture, noise) is picture
    assert less_noisy(noise, None) is noise
    assert less_noisy(noise, torch.full(SHAPE, float("nan"))) is noise


def test_halfway_the_demo_model_already_shows_its_picture() -> None:
    shown: list[Any] = []
    (made,) = published(load_demo())(
        "a red fish on a blue background", num_images=1, on_step=shown.append
    )
    halfway, last = shown[9].previews()[0], shown[-1].previews()[0]
    difference = torch.tensor(list(halfway.tobytes())) - torch.tensor(list(last.tobytes()))
    assert difference.abs().float().mean() < 0.06 * 255
    assert made.image.size == (64, 64)

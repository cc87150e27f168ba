"""Laws of what is foreseen: it comes true, and nothing but the work depends on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from fabric_widget.engine import Schedule
from fabric_widget.engine.pipeline.noise import noised
from fabric_widget.engine.references.noise_levels import current_level, upcoming_levels
from fabric_widget.engine.references.recorder import Recorder
from fabric_widget.zoo import tiny
from tests.engine.rounds import published

SETTINGS: dict[str, Any] = {"num_inference_steps": 6, "guidance_scale": 3.0}
STEPS = 6


@pytest.mark.parametrize("begin", [None, 0])
@pytest.mark.parametrize("told_as", [1, 1000])
@pytest.mark.parametrize("sampler", tiny.SCHEDULERS)
def test_what_is_foreseen_comes_true_to_the_bit(
    sampler: str, told_as: int, begin: int | None
) -> None:
    scheduler = tiny.scheduler(sampler)
    scheduler.set_timesteps(STEPS)
    if begin is not None and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    latents, noise = torch.randn(2, 1, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    x = torch.zeros(1, 4, 2, 2)
    foreseen: dict[tuple[int, int], tuple[torch.Tensor, ...]] = {}
    for i, t in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(x, t)
        now = current_level(scheduler, t / told_as if told_as > 1 else t, i)
        for start, (told, passed, noisy) in [(k[0], v) for k, v in foreseen.items() if k[1] == i]:
            assert start < i
            assert torch.equal(told, now.told)
            assert passed == now.passed
            assert torch.equal(noisy, noised(scheduler, latents, noise, now.own))
        for noise_level in upcoming_levels(scheduler, now, len(scheduler.timesteps)):
            seen = noised(scheduler, latents, noise, noise_level.own, noise_level.later)
            foreseen[i, noise_level.step] = (
                noise_level.told,
                torch.tensor(noise_level.passed),
                seen,
            )
        x = scheduler.step(x * 0.1, t, x, return_dict=False)[0]
    known = told_as == 1 or hasattr(scheduler, "_step_index")
    assert len(foreseen) == sum(range(len(scheduler.timesteps))) * known


def test_nothing_is_foreseen_of_a_denoiser_that_is_told_something_else() -> None:
    scheduler = tiny.scheduler("DPM++ 2M")
    scheduler.set_timesteps(STEPS)
    assert not list(
        upcoming_levels(scheduler, current_level(scheduler, torch.tensor([0.123]), 0), STEPS)
    )


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of references of every pass of the denoiser."""
    made: list[int] = []
    computed = Recorder._computed

    def counted(self: Recorder, tasks: Any, size: int) -> Any:
        made.append(len(tasks))
        return computed(self, tasks, size)

    monkeypatch.setattr(Recorder, "_computed", counted)
    return made


def votes(pipe: Any, count: int) -> list[Any]:
    return list(published(pipe)("a cat", num_images=count, seed=1, **SETTINGS))


@pytest.mark.parametrize(("references", "expected"), [(1, [6]), (2, [8, 4]), (3, [8, 8, 2])])
def test_batches_are_full_but_the_last(
    pipe: Any, passes: list[int], references: int, expected: list[int]
) -> None:
    liked = votes(pipe, references)
    published(pipe)("a cat", seed=9, liked=liked, schedule=Schedule(end=1), **SETTINGS)
    assert passes == expected


def test_steps_without_feedback_are_not_foreseen(pipe: Any, passes: list[int]) -> None:
    liked = votes(pipe, 1)
    published(pipe)("a cat", seed=9, liked=liked, schedule=Schedule(end=0.5), **SETTINGS)
    weights = [Schedule(end=0.5).weight(i, STEPS) > 0 for i in range(STEPS)]
    assert passes == [sum(weights)]
    assert 0 < sum(weights) < STEPS


def test_a_wrong_guess_costs_work_alone(
    pipe: Any, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    liked = votes(pipe, 1)

    def made(cache_bytes: int | None) -> torch.Tensor:
        fabric = published(pipe, cache_bytes=cache_bytes)
        picture = fabric("a cat", num_images=1, seed=9, liked=liked, **SETTINGS)[0]
        return picture.latents

    right = made(None)
    count = len(passes)

    def guessed(scheduler: Any, now: Any, steps: int) -> Any:
        for noise_level in upcoming_levels(scheduler, now, steps):
            yield replace(noise_level, told=noise_level.told + 1)

    monkeypatch.setattr("fabric_widget.engine.references.recorder.upcoming_levels", guessed)
    assert torch.equal(made(None), right)
    assert torch.equal(made(0), right)
    guesses = [n for n in passes[count:] if n > 1]
    assert len(guesses) == 2  # one in each run: then nothing more is guessed

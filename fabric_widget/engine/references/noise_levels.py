"""Noise levels of a run, at which references are computed: the current one and upcoming ones.

Which steps will come, and what the denoiser will be told of them, is foreseen, not known: pipelines
may do as they please. So nothing may depend on it but how much is computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.pipeline.call import in_form
from fabric_widget.engine.pipeline.noise import noised, scheduler_timestep
from fabric_widget.engine.trajectory import noise_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.engine.references.references import Reference

# Denoisers are told the scheduler's timestep, or that as a part of all training steps.
_DIVISORS = (1, 1000)


@dataclass(frozen=True)
class NoiseLevel:
    """One noise level of a run.

    Parameters
    ----------
    step
        Number of the pipeline's step, from 0.
    told
        The timestep as the denoiser is told it, (1,).
    own
        The scheduler's timestep, without dimensions, on the CPU.
    passed
        How many noise levels a run has behind it at this one.
    later
        By how many of its steps the scheduler comes to it later than now.
    shares
        How much signal and how much noise latents hold at it, as the denoiser sees them.
    """

    step: int
    told: torch.Tensor
    own: torch.Tensor
    passed: int
    later: int
    shares: tuple[float, float]


def current_level(scheduler: Any, timestep: torch.Tensor, step: int) -> NoiseLevel:  # noqa: ANN401  (schedulers share no useful base class)
    """Return the noise level of a call with `timestep`, a number or one for each row."""
    own = scheduler_timestep(scheduler, timestep)
    return _level(scheduler, step, timestep.reshape(-1)[:1], own)


def upcoming_levels(scheduler: Any, now: NoiseLevel, steps: int) -> Iterator[NoiseLevel]:  # noqa: ANN401  (as above)
    """Yield the noise levels of the next steps, as far as they can be predicted.

    None can where the denoiser is told something else than the scheduler's timestep.
    """
    divisor = next((d for d in _DIVISORS if torch.equal(_told(now.own, d, now), now.told)), None)
    timesteps = scheduler.timesteps.cpu()
    here = (timesteps == now.own).nonzero().flatten().tolist()
    if divisor is None or not here:
        return
    counts = (getattr(scheduler, "step_index", None), now.step, here[0])
    position: int = next(i for i in counts if i in here)  # type: ignore[assignment]
    for later, own in enumerate(timesteps[position + 1 :][:steps], 1):
        told = _told(own, divisor, now)
        yield _level(scheduler, now.step + later, told, own, later)


def _level(
    scheduler: Any,  # noqa: ANN401  (as above)
    step: int,
    told: torch.Tensor,
    own: torch.Tensor,
    later: int = 0,
) -> NoiseLevel:
    shares = noise_level(scheduler, own, later)
    return NoiseLevel(step, told, own, _passed(scheduler, own), later, shares)


def reference_latents(
    scheduler: Any,  # noqa: ANN401  (as above)
    reference: Reference,
    level: NoiseLevel,
) -> torch.Tensor:
    """Return a reference as the denoiser is to see it at a noise level, (1, …).

    A picture's own trajectory says how it looked there; what has none is noised.
    """
    clean, noise = reference.latents, reference.noise
    if reference.trajectory is not None:
        final = in_form(clean[0], reference.trajectory.latents[0])
        found = reference.trajectory.at(final, *level.shares, float(level.told[0]))
        if found is not None:
            latents, exact = found
            if exact:
                return latents.unsqueeze(0)
            noise = in_form(latents, clean[0]).unsqueeze(0)
    return noised(scheduler, clean, noise, level.own, level.later)


def _told(own: torch.Tensor, divisor: int, now: NoiseLevel) -> torch.Tensor:
    return (own / divisor if divisor > 1 else own).to(now.told).reshape(1)


def _passed(scheduler: Any, own: torch.Tensor) -> int:  # noqa: ANN401  (as above)
    timesteps = scheduler.timesteps.cpu()
    return len(timesteps[timesteps > own].unique())  # solvers of second order come back to some

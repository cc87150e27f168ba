"""Predict the final latents of a run from its latest steps.

A solver of first order moves latents along ``x = signal * clean + noise * e`` with its present idea
of the clean latents and of the noise. Two of its steps are two equations in these two unknowns, so
the clean latents follow from what any pipeline shows after each step, whatever its scheduler.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.noise import mixture, scheduler_timestep
from fabric_widget.engine.pipeline.restore import kept

if TYPE_CHECKING:
    from collections.abc import Sequence

_IMAGE_DIMENSIONS = 4  # (B, C, h, w); packed latents are (B, tokens, C)
_SMALLEST_DETERMINANT = 1e-6


@dataclass(frozen=True)
class Point:
    """Latents at a known noise level: ``signal * clean + noise * e``."""

    latents: torch.Tensor
    signal: float
    noise: float


class OriginalPredictor:
    """Collects the latents of a run to predict its final ones.

    Parameters
    ----------
    scheduler
        The pipeline's.
    """

    def __init__(self, scheduler: Any) -> None:  # noqa: ANN401  (schedulers share no useful base class)
        self._scheduler = scheduler
        self._step = -1
        self._latents: torch.Tensor | None = None
        self._points: list[Point] = []

    def enter(self, step: int, timestep: torch.Tensor) -> None:
        """Record the noise level at the first denoiser call of a step.

        To be called while the pipeline is there: schedulers know the level by their own state.
        """
        if step == self._step:
            return
        self._step = step
        level = noise_level(self._scheduler, timestep)
        if self._latents is not None and level is not None:
            self._points = [*self._points[-1:], Point(self._latents, *level)]

    def leave(self, latents: torch.Tensor) -> Sequence[Point]:
        """Record the latents after a step; return the last two known points."""
        self._latents = latents
        return tuple(self._points)


def noise_level(
    scheduler: Any,  # noqa: ANN401  (as above)
    timestep: torch.Tensor,
) -> tuple[float, float] | None:
    """Return the factors of signal and noise at a timestep, or None if they are unknown."""
    own = scheduler_timestep(scheduler, timestep)
    one, none = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    with kept(scheduler), suppress(FabricError):
        return (
            float(mixture(scheduler, one, none, own)),
            float(mixture(scheduler, none, one, own)),
        )
    return None


def predicted_original(points: Sequence[Point]) -> torch.Tensor | None:
    """Return the clean latents that two points predict, or None.

    They are one step old. Solvers that add noise blur them; see `less_noisy`.
    """
    if len(points) < 2:  # noqa: PLR2004  (two unknowns)
        return None
    before, after = points
    determinant = before.signal * after.noise - after.signal * before.noise
    if abs(determinant) < _SMALLEST_DETERMINANT:
        return None
    mixed = after.noise * before.latents.float() - before.noise * after.latents.float()
    return mixed / determinant


def less_noisy(latents: torch.Tensor, other: torch.Tensor | None) -> torch.Tensor:
    """Return the latents that look less like noise."""
    if other is None or not roughness(other) < roughness(latents):  # NaN fails too
        return latents
    return other


def roughness(latents: torch.Tensor) -> float:
    """Return the difference of neighbours: 2 for pure noise, near 0 for flat pictures."""
    latents = latents.float()
    axis = -1 if latents.dim() == _IMAGE_DIMENSIONS else 1
    return float(latents.diff(dim=axis).square().mean() / latents.var().clamp(min=1e-12))

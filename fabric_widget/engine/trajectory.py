"""The trajectory of a generated picture: the latents that it passed through while it was made.

They are what its keys and values are computed from when it is liked: the picture's own making, not
a noised copy of its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.call import Within, holds_more, within
from fabric_widget.engine.pipeline.noise import noised, scheduler_timestep

if TYPE_CHECKING:
    from fabric_widget.engine.pipeline.call import Call

_RATIO_TOLERANCE = 1e-3  # of log noise-to-signal ratios that count as one noise level


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Latents of one picture at each step of its making.

    Parameters
    ----------
    latents
        (steps, …), as the denoiser was given them, in the run's own precision, on the CPU.
    told
        (steps,): the timestep that the denoiser was told.
    signal, noise
        (steps,): how much of the final latents and of noise they hold; not finite where the
        scheduler does not tell.
    start
        The start noise as drawn, before the pipeline scaled or packed it; None if it was not seen.
    """

    latents: torch.Tensor
    told: torch.Tensor
    signal: torch.Tensor
    noise: torch.Tensor
    start: torch.Tensor | None = None

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.latents)

    def at(
        self,
        final: torch.Tensor,
        signal: float,
        noise: float,
        told: float = math.nan,
    ) -> tuple[torch.Tensor, bool] | None:
        """Return the noise of the trajectory at a noise level, or the latents themselves.

        Parameters
        ----------
        final
            The picture's final latents, of the form of one step's.
        signal, noise
            The noise level, as the scheduler of another run has it.
        told
            The timestep that the denoiser of that run is told: it counts where schedulers do not
            tell their noise levels.

        Returns
        -------
        tensor, exact
            The remembered latents and True, where the level is one that the picture passed. Else
            the noise between its neighbours, so that final latents with this noise lie on the
            trajectory, and False. The nearest ones where the timestep counts. None where nothing
            tells.
        """
        untold = torch.isnan(self.noise)
        if math.isnan(noise) and bool(untold.all()) and not math.isnan(told):
            return self.latents[int((self.told.double() - told).abs().argmin())], True
        known = torch.isfinite(self.signal) & torch.isfinite(self.noise) & (self.noise > 0)
        if not bool(known.all()) or not noise > 0:
            return None
        same = ((self.signal - signal).abs() + (self.noise - noise).abs()) <= _RATIO_TOLERANCE * (
            abs(signal) + abs(noise)
        )
        if bool(same.any()):
            return self.latents[int(same.nonzero()[0])], True
        if final.shape != self.latents[0].shape:  # something beside the latents is in them
            return None
        levels = _log_ratio(self.signal, self.noise)
        wanted = _log_ratio(torch.tensor(signal), torch.tensor(noise))
        order = levels.argsort()
        place = int(torch.searchsorted(levels[order], wanted))
        after, before = min(place, len(self) - 1), max(place - 1, 0)
        low, high = int(order[before]), int(order[after])
        gap = float(levels[high] - levels[low])
        share = 0.0 if gap <= 0 else min(max(float(wanted - levels[low]) / gap, 0.0), 1.0)
        found = torch.lerp(self._noise(low, final), self._noise(high, final), share)
        return _as_noise(found), False

    def _noise(self, index: int, final: torch.Tensor) -> torch.Tensor:
        """Return what is not the final picture in the latents of one step, at unit variance."""
        latents = self.latents[index].float()
        return (latents - self.signal[index] * final) / self.noise[index]


@dataclass
class TrajectoryRecorder:
    """Records the trajectories of all pictures of a run.

    Parameters
    ----------
    scheduler
        The pipeline's.
    pictures
        How many are made at once.
    """

    scheduler: Any
    pictures: int

    def __post_init__(self) -> None:
        """Start with nothing recorded."""
        self._latents: list[torch.Tensor] = []
        self._told: list[torch.Tensor] = []
        self._levels: list[tuple[float, float]] = []
        self._last: torch.Tensor | None = None
        self._within: Within | None = None

    def note(self, call: Call, stepped: torch.Tensor | None = None) -> None:
        """Record a denoiser call, unless it is about the same latents as the one before it.

        Parameters
        ----------
        call
            It may hold more than latents; which part of it is theirs shows in the second step.
        stepped
            The latents after the step before, (B, …), or None.
        """
        if stepped is not None and self._within is None:
            self._within = within(call.input[0], stepped[0])
        told = call.timestep.flatten()[:1]
        rows = [row.detach() for row in call.input[: self.pictures]]
        latents = torch.stack(rows)
        if self._last is not None and torch.equal(latents, self._last):
            return
        self._last = latents
        self._latents.append(latents.cpu())
        self._told.append(told.cpu())
        own = scheduler_timestep(self.scheduler, told)
        self._levels.append(noise_level(self.scheduler, own))

    def trajectory(
        self, index: int, start: torch.Tensor | None, final: torch.Tensor
    ) -> Trajectory | None:
        """Return the trajectory of one picture that ended in `final` latents.

        None if no call was recorded, or if nothing tells the latents from what is beside them.
        """
        shapes = {latents.shape for latents in self._latents}
        if len(shapes) != 1:
            return None
        if self._within is None and holds_more(self._latents[0][index], final):
            return None
        signal, noise = torch.tensor(self._levels, dtype=torch.float64).T
        latents = torch.stack([latents[index] for latents in self._latents])
        if self._within is not None:
            latents = self._within.of(latents).contiguous()
        return Trajectory(latents, torch.cat(self._told), signal, noise, start)


def noise_level(scheduler: Any, own: torch.Tensor, later: int = 0) -> tuple[float, float]:  # noqa: ANN401  (schedulers share no useful base class)
    """Return how much signal and noise the scheduler shows the denoiser at its own timestep.

    Schedulers add noise in proportion, so two numbers say all; they are measured. Not a number
    where a scheduler does not tell.
    """
    one, zero = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    try:
        signal = float(noised(scheduler, one, zero, own, later))
        noise = float(noised(scheduler, zero, one, own, later))
    except (AttributeError, FabricError, IndexError, NotImplementedError):
        return math.nan, math.nan
    return signal, noise


def _log_ratio(signal: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    tiny = torch.finfo(torch.float32).tiny
    return noise.double().clamp_min(tiny).log() - signal.double().abs().clamp_min(tiny).log()


def _as_noise(mixture: torch.Tensor) -> torch.Tensor:
    """Scale a mixture of noises to the norm that Gaussian noise of its size has."""
    norm = float(mixture.norm())
    return mixture * (math.sqrt(mixture.numel()) / norm) if norm > 0 else mixture

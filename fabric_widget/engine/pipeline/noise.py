"""Noise for reference latents: what the scheduler would show the denoiser at a timestep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.restore import kept

if TYPE_CHECKING:
    import torch

_TABLES = ("alphas_cumprod", "alphas", "betas", "sigmas")


def noised(
    scheduler: Any,  # noqa: ANN401  (schedulers share no base class with these methods)
    latents: torch.Tensor,
    noise: torch.Tensor,
    timestep: torch.Tensor,
    later: int = 0,
) -> torch.Tensor:
    """Return noisy reference latents at a timestep, scaled as the denoiser's input.

    Schedulers know by their own state at which noise level they are. That state is left as it was.

    Parameters
    ----------
    scheduler
        The pipeline's, in mid-run.
    latents, noise
        Clean latents and noise, (1, …), float32.
    timestep
        The scheduler's own timestep, without dimensions.
    later
        By how many of the scheduler's steps that is later than now.

    Raises
    ------
    FabricError
        The scheduler does not tell.
    """
    with kept(scheduler):  # some schedulers move their tables to the device of their arguments
        if later and hasattr(scheduler, "_step_index"):
            index = _counted(scheduler)
            scheduler._step_index = None if index is None else index + later  # noqa: SLF001  (it has no setter)
        noisy = mixture(scheduler, latents, noise, timestep)
        if hasattr(scheduler, "scale_model_input"):
            noisy = scheduler.scale_model_input(noisy, timestep)
    result: torch.Tensor = noisy
    return result


def mixture(
    scheduler: Any,  # noqa: ANN401  (as above)
    latents: torch.Tensor,
    noise: torch.Tensor,
    timestep: torch.Tensor,
) -> torch.Tensor:
    """Return noisy latents at a timestep, as they are between two steps.

    Raises
    ------
    FabricError
        The scheduler does not tell.
    """
    batched = timestep.reshape(1)
    if hasattr(scheduler, "add_noise"):
        noisy: torch.Tensor = scheduler.add_noise(latents, noise, batched)
    elif hasattr(scheduler, "scale_noise"):
        noisy = scheduler.scale_noise(latents, batched, noise)
    else:
        signal, share = _tabulated(scheduler, timestep)
        noisy = signal * latents + share * noise
    return noisy


def _tabulated(scheduler: Any, timestep: torch.Tensor) -> tuple[float, float]:  # noqa: ANN401  (as above)
    """Return the shares of signal and noise by the tables of a scheduler that adds none itself."""
    tables = {name: _listed(getattr(scheduler, name, None)) for name in _TABLES}
    timesteps, signals = _listed(scheduler.timesteps), tables["alphas_cumprod"]
    told = float(timestep)
    if told.is_integer() and 0 <= told < len(signals):  # by training steps
        return math.sqrt(signals[int(told)]), math.sqrt(1 - signals[int(told)])
    index = _counted(scheduler)
    if index is None and told in timesteps:
        index = timesteps.index(told)
    # By steps of the run: one more than there are, for the last ends without noise.
    of_run = {name for name, table in tables.items() if len(table) == len(timesteps) + 1}
    if index is not None and {"alphas", "betas"} <= of_run:
        return tables["alphas"][index], tables["betas"][index]
    sigmas = tables["sigmas"]
    if index is not None and "sigmas" in of_run and min(sigmas) >= 0 and max(sigmas) <= 1:
        return 1 - sigmas[index], sigmas[index]  # of a rectified flow
    message = (
        f"{type(scheduler).__name__} does not tell how noisy pictures are at its steps, so a "
        "reference cannot be brought there: vote on pictures that were made with this scheduler "
        "and these steps, or give pipe.scheduler another one"
    )
    raise FabricError(message)


def _listed(table: Any) -> list[float]:  # noqa: ANN401  (a tensor, an array, or nothing of the kind)
    return table.flatten().tolist() if hasattr(table, "flatten") else []


def scheduler_timestep(
    scheduler: Any,  # noqa: ANN401  (as above)
    timestep: torch.Tensor,
) -> torch.Tensor:
    """Return the scheduler's own timestep, on the CPU, for a call that was given `timestep`.

    Many denoisers are given a rescaled one; then the scheduler's own step counter tells.
    """
    given = timestep.flatten()[0].cpu()
    timesteps = scheduler.timesteps.cpu()
    equal = timesteps[timesteps == given]
    if len(equal) or not hasattr(scheduler, "_step_index"):
        return equal[0] if len(equal) else given  # a whole number, where the scheduler counts so
    own: torch.Tensor = timesteps[_counted(scheduler) or 0]
    return own


def _counted(scheduler: Any) -> int | None:  # noqa: ANN401  (as above)
    """Return at which of its steps a scheduler is, or None if it does not count yet."""
    counts = (getattr(scheduler, name, None) for name in ("step_index", "begin_index"))
    return next((i for i in counts if i is not None), None)

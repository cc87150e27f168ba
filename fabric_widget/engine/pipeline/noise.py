"""Noise for reference latents: what the scheduler would show the denoiser at a timestep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.engine.pipeline.restore import kept

if TYPE_CHECKING:
    import torch


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
    """
    batched = timestep.reshape(1)
    with kept(scheduler):  # some schedulers move their tables to the device of their arguments
        if later and hasattr(scheduler, "_step_index"):
            counts = (scheduler.step_index, scheduler.begin_index)
            index = next((i for i in counts if i is not None), None)
            scheduler._step_index = None if index is None else index + later  # noqa: SLF001  (it has no setter)
        if hasattr(scheduler, "add_noise"):
            noisy = scheduler.add_noise(latents, noise, batched)
        else:
            noisy = scheduler.scale_noise(latents, batched, noise)
        if hasattr(scheduler, "scale_model_input"):
            noisy = scheduler.scale_model_input(noisy, timestep)
    result: torch.Tensor = noisy
    return result


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
    index = next((i for i in (scheduler.step_index, scheduler.begin_index) if i is not None), 0)
    own: torch.Tensor = timesteps[index]
    return own

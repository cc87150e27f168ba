"""Everything about "any pipeline": its denoiser, the call it makes, and who is who in it.

Nothing is known about a family of models. The call that the pipeline makes for the null prompt is
recorded by a spy in the denoiser's place; it is the template of every reference pass. Which rows of
the batch are conditional is measured with a second spied call.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError, PipelineBusy
from fabric_widget.engine.restore import kept, random_kept, swapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.pipeline import Pipeline

_COMPONENTS = ("unet", "transformer")
_TIMESTEP_NAMES = ("timestep", "timesteps", "t")
# What a control model adds for the picture in work says nothing about a reference.
_RESIDUALS = frozenset(
    {
        "down_block_additional_residuals",
        "mid_block_additional_residual",
        "down_intrablock_additional_residuals",
        "controlnet_block_samples",
        "controlnet_single_block_samples",
    }
)
# Any text will do whose embedding is not that of the empty prompt; a small vocabulary may know none
# of the words, hence the letters.
_SOME_TEXT = "a photo of a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9"

_locks: weakref.WeakKeyDictionary[torch.nn.Module, threading.Lock] = weakref.WeakKeyDictionary()
_locks_guard = threading.Lock()


@dataclass(frozen=True)
class Call:
    """Arguments of one denoiser call, by name."""

    arguments: Mapping[str, Any]
    latents_name: str
    timestep_name: str

    @property
    def latents(self) -> torch.Tensor:
        """The latents that the denoiser is given, (rows, …)."""
        latents: torch.Tensor = self.arguments[self.latents_name]
        return latents

    @property
    def timestep(self) -> torch.Tensor:
        """The timestep as the denoiser is given it, a number or one for each row."""
        return torch.as_tensor(self.arguments[self.timestep_name])

    @property
    def rows(self) -> int:
        """Number of rows of the batch."""
        return len(self.latents)

    def with_rows(
        self, rows: Sequence[int], latents: torch.Tensor, timestep: torch.Tensor
    ) -> dict[str, Any]:
        """Return arguments with the conditioning of the chosen `rows` around other latents."""
        index = torch.tensor(list(rows))
        chosen = {
            name: None if name in _RESIDUALS else _take(value, index, self.rows)
            for name, value in self.arguments.items()
        }
        chosen[self.latents_name] = latents.to(self.latents)
        if timestep.dim():
            timestep = timestep[:1].expand(len(rows))
        chosen[self.timestep_name] = timestep
        return chosen


def _take(value: object, index: torch.Tensor, rows: int) -> object:
    """Return the rows of every tensor in `value` that has one entry per row of the batch."""
    if isinstance(value, torch.Tensor):
        per_row = value.dim() > 0 and len(value) == rows
        return value[index.to(value.device)] if per_row else value
    if isinstance(value, dict):
        return {name: _take(part, index, rows) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_take(part, index, rows) for part in value])
    return value


def _tensors(value: object) -> Iterator[torch.Tensor]:
    """Yield the tensors in `value`, in a fixed order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)


class _Spied(Exception):  # noqa: N818  (a signal, not an error)
    """Ends the pipeline's call at the denoiser's door."""


class Denoiser:
    """The denoiser of a pipeline and the calls that the pipeline makes to it.

    Parameters
    ----------
    pipe
        Any diffusers pipeline with a ``unet`` or ``transformer``.

    Raises
    ------
    TypeError
        The pipeline has no such component.
    """

    def __init__(self, pipe: Pipeline) -> None:
        self._pipe = pipe
        found = [name for name in _COMPONENTS if getattr(pipe, name, None) is not None]
        if not found:
            message = (
                f"{type(pipe).__name__} has no denoiser: Fabric needs a pipeline with one of the "
                f"components {', '.join(_COMPONENTS)}"
            )
            raise TypeError(message)
        self._component = found[0]

    @property
    def module(self) -> torch.nn.Module:
        """The component that the pipeline calls."""
        module: torch.nn.Module = getattr(self._pipe, self._component)
        return module

    @property
    def model(self) -> torch.nn.Module:
        """The model itself: under a compiled wrapper, the module that was compiled."""
        model: torch.nn.Module = getattr(self.module, "_orig_mod", self.module)
        return model

    @property
    def device(self) -> torch.device:
        """Where the pipeline runs its denoiser."""
        return torch.device(self._pipe._execution_device)  # noqa: SLF001  (the public `device` is wrong under offloading)

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Hold the denoiser for one run.

        Raises
        ------
        PipelineBusy
            Another run holds it: this one does not wait.
        """
        with _locks_guard:
            lock = _locks.setdefault(self.model, threading.Lock())
        if not lock.acquire(blocking=False):
            message = (
                f"another run is using this {type(self._pipe).__name__}: wait until it has ended "
                "or cancel it"
            )
            raise PipelineBusy(message)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def eager(self) -> Iterator[None]:
        """Run a compiled model as it was written.

        Compiled code does not see sites come and go, or is compiled anew each time that they do.
        """
        parts = (self.module, *self.model.modules())
        if self.module is self.model and all(m._compiled_call_impl is None for m in parts):  # noqa: SLF001  (torch has no other mark)
            yield
            return
        with torch.compiler.set_stance("force_eager"):
            yield

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """Return a call's arguments by name; the first is the latents, whatever its name."""
        signature = inspect.signature(type(self.model).forward)
        bound = signature.bind(self.model, *args, **kwargs).arguments
        named = dict(list(bound.items())[1:])
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                named.update(named.pop(parameter.name, {}))
        timestep = next((name for name in _TIMESTEP_NAMES if name in named), None)
        if timestep is None:
            message = (
                f"{type(self.model).__name__} was called without a timestep "
                f"({', '.join(_TIMESTEP_NAMES)}): feedback needs to know the step"
            )
            raise FabricError(message)
        return Call(named, next(iter(named)), timestep)

    def null_call(self, arguments: Mapping[str, Any]) -> Call:
        """Return the call that the pipeline would make with the null prompt and these arguments."""
        return self._spied(arguments, "")

    def conditional_rows(self, null: Call, arguments: Mapping[str, Any], prompt: str) -> list[bool]:
        """Return, for each row of `null`, whether its conditioning follows the prompt.

        Raises
        ------
        FabricError
            No text made a difference, and there is more than one row.
        """
        for text in (prompt, _SOME_TEXT):
            worded = self._spied(arguments, text)
            pairs = zip(_tensors(null.arguments), _tensors(worded.arguments), strict=False)
            follows = [False] * null.rows
            for a, b in pairs:
                if a.shape == b.shape and a.dim() > 0 and len(a) == null.rows:
                    differs = (a != b).reshape(null.rows, -1).any(1).tolist()
                    follows = [f or d for f, d in zip(follows, differs, strict=True)]
            if any(follows):
                return follows
        if null.rows == 1:
            return [True]
        message = (
            f"cannot tell the conditional rows of {type(self._pipe).__name__} from the "
            "unconditional ones: its text encoder gives every prompt the same embedding"
        )
        raise FabricError(message)

    def _spied(self, arguments: Mapping[str, Any], prompt: str) -> Call:
        """Call the pipeline for one picture and return what reached the denoiser."""
        pipe = self._pipe
        seen: list[Call] = []

        def spy(*args: Any, **kwargs: Any) -> None:
            seen.append(self.bind(args, kwargs))
            raise _Spied

        own = {
            name: value
            for name, value in arguments.items()
            if "prompt" not in name and not name.startswith("callback") and name != "latents"
        }
        own |= {
            "prompt": prompt,
            "num_images_per_prompt": 1,
            "generator": torch.Generator().manual_seed(0),
        }
        with (
            torch.no_grad(),
            random_kept(self.device),
            kept(pipe, pipe.scheduler),
            swapped(self.module, spy),
        ):
            pipe.set_progress_bar_config(disable=True)
            try:
                pipe(**own)
            except _Spied:
                return seen[0]
        message = f"{type(pipe).__name__} ended without calling its {self._component}"
        raise FabricError(message)


def noised(
    scheduler: Any,  # noqa: ANN401  (schedulers share no base class with these methods)
    latents: torch.Tensor,
    noise: torch.Tensor,
    timestep: torch.Tensor,
) -> torch.Tensor:
    """Return reference latents as the scheduler's solver would see them now.

    To be called while the pipeline is at `timestep`: schedulers know by their own state at which
    noise level they are. That state is left as it was.

    Parameters
    ----------
    scheduler
        The pipeline's, in mid-run.
    latents, noise
        Clean latents and noise, (1, …), float32.
    timestep
        The scheduler's own timestep, without dimensions.
    """
    batched = timestep.reshape(1)
    with kept(scheduler):  # some schedulers move their tables to the device of their arguments
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
    if bool((timesteps == given).any()) or not hasattr(scheduler, "_step_index"):
        return given
    index = next((i for i in (scheduler.step_index, scheduler.begin_index) if i is not None), 0)
    own: torch.Tensor = timesteps[index]
    return own

"""Everything about "any pipeline": its denoiser, and the calls it makes.

Nothing is known about a family of models. The call that the pipeline makes for the null prompt is
recorded by a spy in the denoiser's place; it is the template of every reference pass. A second
spied call, for another prompt and twice as many pictures, shows which rows of the batch follow the
prompt and which arguments have a row for each picture.
"""

from __future__ import annotations

import inspect
import threading
import warnings
import weakref
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError, PipelineBusy
from fabric_widget.engine.pipeline.call import Call
from fabric_widget.engine.pipeline.guidance_branches import (
    BranchTracker,
    GuidanceBranches,
    guidance_branches,
)
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.pipeline.restore import (
    kept,
    processors,
    processors_of,
    random_kept,
    swapped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fabric_widget.engine.pipeline.protocol import Pipeline

_COMPONENTS = ("unet", "transformer")
_TIMESTEP_NAMES = ("timestep", "timesteps", "t")
_HOOKS = "_diffusers_hook"  # where diffusers keeps a module's hooks
# Any text will do whose embedding is not that of the empty prompt; a small vocabulary may know none
# of the words, hence the letters.
_SOME_TEXTS = (
    "a photo",
    "a photo of a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
)

_locks: weakref.WeakKeyDictionary[torch.nn.Module, threading.Lock] = weakref.WeakKeyDictionary()
_locks_guard = threading.Lock()


@dataclass(frozen=True)
class RecordedCall:
    """What a pipeline's calls look like, measured before a run.

    Parameters
    ----------
    null
        The call for one picture and the null prompt.
    guidance_branches
        What of it follows the prompt.
    """

    null: Call
    guidance_branches: GuidanceBranches


def _speaks(name: str, value: object) -> bool:
    """Return whether an argument is a prompt, in words or embedded, and not a switch or a size."""
    return "prompt" in name and not isinstance(value, (bool, int, float))


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

    def check_uncached(self) -> None:
        """Refuse a model that leaves out layers in some of its calls.

        Raises
        ------
        FabricError
            Something remembers results of layers between steps.
        """
        enabled = getattr(self.model, "is_cache_enabled", False)
        remembering = {
            name
            for module in self.model.modules()
            for name, hook in getattr(getattr(module, _HOOKS, None), "hooks", {}).items()
            if hook._is_stateful  # noqa: SLF001  (diffusers' only mark of a cache)
        }
        if not (enabled or remembering):
            return
        cure = (
            f"call pipe.{self._component}.disable_cache()"
            if enabled
            else "call HookRegistry.check_if_exists_or_initialize(module).remove_hook(name) with "
            f"{', '.join(sorted(remembering))} for each module of pipe.{self._component}"
        )
        message = (
            f"{type(self.model).__name__} remembers results of its layers between steps, so "
            f"feedback would not reach it: {cure}"
        )
        raise FabricError(message)

    def null_call(self, arguments: Mapping[str, Any]) -> Call:
        """Return the call that the pipeline would make with the null prompt and these arguments."""
        return self._spied(arguments, "")

    def record_call(self, arguments: Mapping[str, Any], prompt: str) -> RecordedCall:
        """Measure the calls that the pipeline would make with these arguments.

        Raises
        ------
        FabricError
            No text made a difference, and there is more than one row.
        """
        null = self.null_call(arguments)
        self._check_stateless(null)
        for text in filter(None, (prompt, *_SOME_TEXTS)):
            worded = self._spied(arguments, text, pictures=2)
            null = null.batched(worded)
            found = guidance_branches(null, worded)
            if any(found.rows):
                return RecordedCall(null, found)
        if null.rows == 1:
            return RecordedCall(null, GuidanceBranches((True,), ()))
        message = (
            f"cannot tell the conditional rows of {type(self._pipe).__name__} from the "
            "unconditional ones: its text encoder gives every prompt the same embedding"
        )
        raise FabricError(message)

    def _check_stateless(self, null: Call) -> None:
        """Refuse a pipeline that hands its denoiser a memory of earlier steps."""
        memories = [
            value
            for value in null.arguments.values()
            if type(value).__module__.startswith("diffusers.") and not isinstance(value, dict)
        ]
        if memories:
            parameters = parameters_of(self._pipe)
            switches = [f"{name}=False" for name in parameters if "cache" in name]
            message = (
                f"{type(self._pipe).__name__} hands its denoiser a {type(memories[0]).__name__}, "
                f"which carries results from step to step, past the feedback: give "
                f"{' or '.join(switches) or 'the argument that turns it off'}"
            )
            raise FabricError(message)

    def alternates(self, arguments: Mapping[str, Any], guidance_branches: GuidanceBranches) -> bool:
        """Return whether the pipeline makes an unconditional call beside each conditional one.

        Not if its one call has rows of both kinds. The calls of one step for one picture
        are made in earnest: what the pipeline does next may depend on what comes back.
        """
        if not all(guidance_branches.rows):
            return False
        turns = BranchTracker(guidance_branches, 1)
        inner = self.module.forward

        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any denoiser's)
            turns.conditional_rows(self.bind(args, kwargs))
            if turns.alternate:
                raise _Spied
            return inner(*args, **kwargs)

        negated = any(
            name.startswith("negative") and _speaks(name, value) and value is not None
            for name, value in arguments.items()
        )
        own = {"negative_prompt": ""} if negated else {}
        self._call(arguments, own | {"prompt": _SOME_TEXTS[0]}, watched)
        return turns.alternate

    def _spied(self, arguments: Mapping[str, Any], prompt: str, pictures: int = 1) -> Call:
        """Call the pipeline and return what first reached the denoiser."""
        seen: list[Call] = []

        def spy(*args: Any, **kwargs: Any) -> None:
            seen.append(self.bind(args, kwargs))
            raise _Spied

        self._call(arguments, {"prompt": prompt, "num_images_per_prompt": pictures}, spy)
        if not seen:
            message = f"{type(self._pipe).__name__} ended without calling its {self._component}"
            raise FabricError(message)
        return seen[0]

    def _call(
        self, arguments: Mapping[str, Any], own: Mapping[str, Any], forward: Callable[..., Any]
    ) -> None:
        """Call the pipeline, without the caller's prompts, until `forward` or the first step."""
        pipe = self._pipe
        without = {
            name: value
            for name, value in arguments.items()
            if not (_speaks(name, value) or name.startswith("callback") or name == "latents")
        }
        given = {
            "num_images_per_prompt": 1,
            "generator": torch.Generator().manual_seed(0),
        }

        def stop(*args: Any, **kwargs: Any) -> None:
            del args, kwargs
            raise _Spied

        with (
            torch.no_grad(),
            random_kept(self.device),
            kept(pipe, pipe.scheduler),
            processors(processors_of(self.model)),
            swapped(self.module, forward),
            warnings.catch_warnings(),
            suppress(_Spied),
        ):
            warnings.simplefilter("ignore")  # the run itself will say it
            pipe.set_progress_bar_config(disable=True)
            pipe.scheduler.step = stop
            pipe(**without | given | dict(own))


def noised(
    scheduler: Any,  # noqa: ANN401  (schedulers share no base class with these methods)
    latents: torch.Tensor,
    noise: torch.Tensor,
    timestep: torch.Tensor,
    later: int = 0,
) -> torch.Tensor:
    """Return reference latents as the scheduler's solver would see them at a timestep.

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

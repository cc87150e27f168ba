"""The denoiser of any pipeline: which component it is, its calls by named arguments.

Nothing is known about a family of models.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.call import Call
from fabric_widget.engine.pipeline.lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.pipeline.protocol import Pipeline

_COMPONENTS = ("unet", "transformer")
_TIMESTEP_NAMES = ("timestep", "timesteps", "t")


class Denoiser:
    """The denoiser of a pipeline.

    Parameters
    ----------
    pipe
        Any diffusers pipeline with a ``unet`` or ``transformer``.

    Attributes
    ----------
    component
        Name of the component: ``unet`` or ``transformer``.

    Raises
    ------
    TypeError
        The pipeline has no such component.
    """

    def __init__(self, pipe: Pipeline) -> None:
        self.pipe = pipe
        found = [name for name in _COMPONENTS if getattr(pipe, name, None) is not None]
        if not found:
            message = (
                f"{type(pipe).__name__} has no denoiser: Fabric needs a pipeline with one of the "
                f"components {', '.join(_COMPONENTS)}"
            )
            raise TypeError(message)
        self.component = found[0]
        self._device: torch.device | None = None  # of the run

    @property
    def module(self) -> torch.nn.Module:
        """The component that the pipeline calls."""
        module: torch.nn.Module = getattr(self.pipe, self.component)
        return module

    @property
    def model(self) -> torch.nn.Module:
        """The model itself: the module inside a compiled wrapper."""
        model: torch.nn.Module = getattr(self.module, "_orig_mod", self.module)
        return model

    @property
    def device(self) -> torch.device:
        """The device that the denoiser runs on; during a run it stays where it is."""
        return self._device or torch.device(self.pipe._execution_device)  # noqa: SLF001  (the public `device` is wrong under offloading)

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Lock the denoiser for one run.

        Raises
        ------
        PipelineBusy
            Another run holds it, and this one does not wait.
        """
        with locked(self.model, type(self.pipe).__name__):
            self._device = self.device  # pipelines look through all of their modules for it
            try:
                yield
            finally:
                self._device = None

    @contextmanager
    def eager(self) -> Iterator[None]:
        """Run a compiled model in eager mode.

        Compiled code does not see sites come and go, or is compiled anew each time that they do.
        """
        parts = (self.module, *self.model.modules())
        if self.module is self.model and all(m._compiled_call_impl is None for m in parts):  # noqa: SLF001  (torch has no other mark)
            yield
            return
        with torch.compiler.set_stance("force_eager"):
            yield

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """Return the arguments of a call by name; the first one is the latents."""
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

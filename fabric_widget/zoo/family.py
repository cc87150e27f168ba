"""What a family of the zoo is, and how its pipelines are made, always with the same weights."""

from __future__ import annotations

import copy
import functools
import inspect
import re
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Warnings that diffusers raises about itself when a model or a pipeline is made.
_IGNORED_WARNINGS = (
    "`FluxPosEmbed` is deprecated",
    "`LoraLoaderMixin` is deprecated",
    "`torch.jit.script` is deprecated",  # Kolors
)

Parts = tuple[Any, dict[str, Any]]  # a pipeline class, and its components


@dataclass(frozen=True)
class Family:
    """One kind of pipeline, tiny and with random weights.

    Parameters
    ----------
    name
        The usual name.
    build
        Returns a new pipeline, always with the same weights.
    arguments
        Arguments of the call, besides the prompt, for a quick run on a CPU.
    guided
        Whether that run has an unconditional guidance branch.
    pictures
        Pictures in one call: 1 if the pipeline cannot make more, otherwise 2.
    warns
        Warning that diffusers raises in every call; `quiet` ignores it.
    note
        What is special about the family.
    needs
        Further arguments that feedback needs.
    able
        Whether feedback is possible; if not, `Fabric` raises an error that says why.
    """

    name: str
    build: Callable[[], Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    guided: bool = True
    pictures: int = 2
    warns: str = ""
    note: str = ""
    needs: dict[str, Any] = field(default_factory=dict)
    able: bool = True

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Ignore the warning that every call of this family raises."""
        with warnings.catch_warnings():
            if self.warns:
                warnings.filterwarnings("ignore", re.escape(self.warns))
            yield


def builder(make: Callable[[], Parts]) -> Callable[[], Any]:
    """Turn a function that returns components into one that returns a new pipeline of copies."""

    @functools.cache
    def parts() -> Parts:
        kind, made = make()
        for part in made.values():
            if isinstance(part, torch.nn.Module):
                _randomize_weights(part.eval())
        return kind, made

    @functools.wraps(make)
    def build() -> Any:
        with warnings.catch_warnings(), torch.random.fork_rng():
            for message in _IGNORED_WARNINGS:
                warnings.filterwarnings("ignore", message)
            torch.manual_seed(0)
            kind, made = parts()
            pipe = kind(**{name: copy.deepcopy(part) for name, part in made.items()})
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return build


def fitting(kind: Any, components: Mapping[str, Any]) -> dict[str, Any]:
    """Return the components that a `kind` of pipeline has, of those of a related one."""
    taken = inspect.signature(kind.__init__).parameters
    return {name: part for name, part in components.items() if name in taken}


def settings_of(model: Any) -> dict[str, Any]:
    """Return the settings that a model was made with."""
    return {name: value for name, value in model.config.items() if not name.startswith("_")}


def among(kind: Any, **constants: Any) -> Any:
    """Return a `kind` of pipeline in whose calls its module has other constants or functions.

    Some pipelines work at sizes of a million pixels that are written in their modules.
    """
    module = vars(sys.modules[kind.__module__])

    class Smaller(kind):  # type: ignore[misc]  # any class
        @functools.wraps(kind.__call__)
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with mock.patch.dict(module, constants):
                return super().__call__(*args, **kwargs)

    Smaller.__name__ = kind.__name__
    return Smaller


def altered(kind: Any, **attributes: Any) -> Any:
    """Return a function that makes a pipeline of a `kind` and changes some of its attributes.

    Some pipelines have a size or a long system prompt as an attribute, not as an argument.
    """

    def build(**components: Any) -> Any:
        pipe = kind(**components)
        for name, value in attributes.items():
            setattr(pipe, name, value)
        return pipe

    return build


@torch.no_grad()
def _randomize_weights(part: torch.nn.Module) -> None:
    """Initialize every matrix so that its output is as large as its input.

    Untrained models are nearly constant, because many weights start small or at zero: the effect of
    a prompt or a reference would be lost in rounding.
    """
    for module in part.modules():
        for name, weight in module.named_parameters(recurse=False):
            if weight.dim() <= 1 or not weight.is_floating_point():
                continue
            looked_up = isinstance(module, torch.nn.Embedding) or name != "weight"
            weight.normal_(std=1 if looked_up else weight[0].numel() ** -0.5)

"""What a family of the zoo is, and how its pipelines are made: always the same, never twice."""

from __future__ import annotations

import copy
import functools
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What diffusers warns of while it makes a model or a pipeline of its own.
_NOT_OURS = (
    "`FluxPosEmbed` is deprecated",
    "`LoraLoaderMixin` is deprecated",
    "`torch.jit.script` is deprecated",  # Kolors
)

Parts = tuple[Any, dict[str, Any]]  # what makes a pipeline, and its components


@dataclass(frozen=True)
class Family:
    """One kind of pipeline, tiny and with random weights.

    Parameters
    ----------
    name
        As people call it.
    build
        Returns a new pipeline, always with the same weights.
    arguments
        What to call it with, besides the prompt, for a quick run on a CPU.
    guided
        Whether that run has an unconditional pass.
    pictures
        1 if it cannot make more than one in such a call, else 2.
    warns
        What diffusers warns of in a call, whatever the arguments: `quiet` passes over it.
    note
        What is special about it.
    needs
        What it must be called with besides to take feedback.
    able
        Whether it can take feedback at all; if not, `Fabric` says why.
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
        """Pass over the warning that calls of this family cannot avoid."""
        with warnings.catch_warnings():
            if self.warns:
                warnings.filterwarnings("ignore", re.escape(self.warns))
            yield


def builder(make: Callable[[], Parts]) -> Callable[[], Any]:
    """Turn a function that makes parts into one that returns a new pipeline of copies of them."""

    @functools.cache
    def parts() -> Parts:
        kind, made = make()
        for part in made.values():
            if isinstance(part, torch.nn.Module):
                _enliven(part.eval())
        return kind, made

    @functools.wraps(make)
    def build() -> Any:
        with warnings.catch_warnings(), torch.random.fork_rng():
            for message in _NOT_OURS:
                warnings.filterwarnings("ignore", message)
            torch.manual_seed(0)
            kind, made = parts()
            pipe = kind(**{name: copy.deepcopy(part) for name, part in made.items()})
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return build


def altered(kind: Any, **attributes: Any) -> Any:
    """Return what makes pipelines of a `kind` with some of their attributes changed.

    Some pipelines set a size or a long message to their text encoder by themselves, not as an
    argument.
    """

    def build(**components: Any) -> Any:
        pipe = kind(**components)
        for name, value in attributes.items():
            setattr(pipe, name, value)
        return pipe

    return build


@torch.no_grad()
def _enliven(part: torch.nn.Module) -> None:
    """Give every matrix weights at which its output is as large as its input.

    Fresh models are nearly constant: small or zero weights where training is to start from. Whether
    a prompt or a reference makes a difference would drown in rounding.
    """
    for module in part.modules():
        for name, weight in module.named_parameters(recurse=False):
            if weight.dim() <= 1 or not weight.is_floating_point():
                continue
            looked_up = isinstance(module, torch.nn.Embedding) or name != "weight"
            weight.normal_(std=1 if looked_up else weight[0].numel() ** -0.5)

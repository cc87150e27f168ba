"""Context managers that restore a pipeline after a run, also after an exception."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MISSING = object()


@contextmanager
def swapped(module: torch.nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Replace a module's `forward`, on this instance only."""
    with replaced(module, "forward", forward):
        yield


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Replace an attribute of `owner`, on this instance only."""
    before = vars(owner).get(name, _MISSING)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)  # another library's wrapper, or a compiled module's


@contextmanager
def kept(*owners: object) -> Iterator[None]:
    """Restore the attributes of `owners` (the attributes, not what they refer to)."""
    before = [dict(vars(owner)) for owner in owners]
    try:
        yield
    finally:
        for owner, attributes in zip(owners, before, strict=True):
            now = vars(owner)
            for name in [name for name in now if name not in attributes]:
                del now[name]
            now.update(attributes)


def processors_of(model: torch.nn.Module) -> dict[torch.nn.Module, Any]:
    """Return the attention processor of each module that has one."""
    return {m: m.processor for m in model.modules() if hasattr(m, "set_processor")}


@contextmanager
def processors(chosen: dict[torch.nn.Module, Any]) -> Iterator[None]:
    """Set the `chosen` attention processors."""
    before = {module: module.processor for module in chosen}
    _set_processors(chosen)
    try:
        yield
    finally:
        _set_processors(before)


def _set_processors(chosen: dict[torch.nn.Module, Any]) -> None:
    for module, processor in chosen.items():
        if module.processor is not processor:
            setter: Any = module.set_processor
            setter(processor)


@contextmanager
def random_kept(device: torch.device) -> Iterator[None]:
    """Restore the global random state of the CPU and of `device`."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield

"""What makes a run leave no trace: everything borrowed is given back, also after an exception."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MISSING = object()


@contextmanager
def swapped(module: torch.nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Let `forward` stand in for the module's own, on this instance only."""
    before = vars(module).get("forward", _MISSING)
    module.forward = forward
    try:
        yield
    finally:
        if before is _MISSING:
            del module.forward
        else:
            module.forward = before  # another library's wrapper, or a compiled module's


@contextmanager
def kept(*owners: object) -> Iterator[None]:
    """Put back the attributes of `owners` as they were (the attributes, not what they refer to)."""
    before = [dict(vars(owner)) for owner in owners]
    try:
        yield
    finally:
        for owner, attributes in zip(owners, before, strict=True):
            now = vars(owner)
            for name in [name for name in now if name not in attributes]:
                del now[name]
            now.update(attributes)


@contextmanager
def random_kept(device: torch.device) -> Iterator[None]:
    """Put back the global random state of the CPU and of `device`."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield

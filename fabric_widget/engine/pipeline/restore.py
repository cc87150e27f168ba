"""Context managers that restore a pipeline after a run, also after an exception."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models import attention_dispatch, attention_processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MISSING = object()
_OTHER_WAYS = ("Sliced", "XFormers")  # in names of attention processors
_TORCH_BACKENDS = ("native", "_native_cudnn", "_native_efficient", "_native_flash", "_native_math")


@contextmanager
def swapped(module: torch.nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Replace a module's `forward`, on this instance only."""
    with replaced(module, "forward", forward):
        yield


def not_compiled(forward: Callable[..., Any], *, throughout: bool = False) -> Callable[..., Any]:
    """Return a function that the compiler passes over, and `throughout` also what that calls.

    A module compiled in place has its `forward` compiled with all that stands in its place: what
    watches a run would be compiled anew for each run.
    """
    passed_over: Callable[..., Any] = torch.compiler.disable(forward, recursive=throughout)  # type: ignore[no-untyped-call]
    return passed_over


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


def torch_processors(model: torch.nn.Module) -> dict[torch.nn.Module, Any]:
    """Return processors that call torch's own attention, for modules whose own do not.

    Those of diffusers that compute attention by hand, in slices or by xformers have a twin that
    calls torch; others choose among kernels, so a copy that chooses torch's is theirs.
    """
    found = {module: _of_torch(own) for module, own in processors_of(model).items()}
    return {module: processor for module, processor in found.items() if processor is not None}


def _of_torch(processor: Any) -> Any:  # noqa: ANN401  (processors share no base class)
    if hasattr(processor, "_attention_backend"):
        names: Any = attention_dispatch.AttentionBackendName
        used, _ = attention_dispatch._AttentionBackendRegistry.get_active_backend()  # noqa: SLF001  (nothing public tells)
        if names(processor._attention_backend or used).value in _TORCH_BACKENDS:  # noqa: SLF001
            return None
        twin = copy.copy(processor)
        twin._attention_backend = names.NATIVE  # noqa: SLF001
        return twin
    if isinstance(processor, torch.nn.Module):  # it has weights of its own
        return None
    name = type(processor).__name__
    for other in _OTHER_WAYS:
        name = name.replace(other, "")
    kind = getattr(attention_processor, f"{name}2_0", None)
    return None if kind is None else kind()


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

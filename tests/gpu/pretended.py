"""A CUDA device that is pretended: tensors that say they are on it, and are computed on the CPU.

It refuses what CUDA refuses: tensors of both devices in one function, generators of the other
device, arrays of numpy, attention kernels with wrong types, sizes or strides. What it cannot show
is how a GPU rounds, and whether copies and kernels wait for each other.
"""

from __future__ import annotations

import types
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEVICE = torch.device("cuda:0")
_ATEN = torch.ops.aten
_FLASH = _ATEN._scaled_dot_product_flash_attention.default
_EFFICIENT = _ATEN._scaled_dot_product_efficient_attention.default
_CUDNN = _ATEN._scaled_dot_product_cudnn_attention.default
# Functions of tensors of two devices.
_BETWEEN = {
    _ATEN.copy_.default,
    _ATEN._to_copy.default,
    _ATEN.index.Tensor,
    _ATEN.index_put.default,
    _ATEN.index_put_.default,
    _ATEN._index_put_impl_.default,
}
_PADDED_TO, _FLASH_CHANNELS, _ALIGNMENT = 32, 256, 8


class Pretended(torch.Tensor):
    """A tensor that says it is on a CUDA device."""

    inner: torch.Tensor  # type: ignore[assignment]  # a product of the same name is not used
    device = property(lambda _: DEVICE)
    is_cuda = property(lambda _: True)
    is_meta = property(lambda _: False)

    @staticmethod
    def __new__(cls: type[Pretended], inner: torch.Tensor) -> Pretended:  # noqa: PYI034
        made: Pretended = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device(
                "meta"
            ),  # what torch itself sees: of CUDA it knows nothing without a GPU
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # torch's own stub is of an instance
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return computed(func, args, kwargs or {})

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def tolist(self) -> Any:
        """Return numbers, as tensors of a device give them without asking."""
        return self.inner.tolist()

    def record_stream(self, stream: Any) -> None:
        """Do nothing: no stream is real."""

    def __deepcopy__(self, memo: Any) -> Any:
        return Pretended(self.inner.clone())


class _Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Makes tensors on the pretended device; torch looks for no real one while it stands."""

    _mode_key = torch._C._TorchDispatchModeKey.FAKE

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(func, args, kwargs or {})


def computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Compute a function on the CPU, as the device would or would not."""
    leaves = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
    there = [x for x in leaves if isinstance(x, Pretended)]
    here = [x for x in leaves if not isinstance(x, Pretended)]
    asked = kwargs.get("device")
    on_it = bool(there) if asked is None else torch.device(asked).type != "cpu"
    if there and any(x.dim() for x in here) and func not in _BETWEEN:
        message = f"Expected all tensors to be on the same device: {func} was given cuda:0 and cpu"
        raise RuntimeError(message)
    if kwargs.get("generator") is not None and on_it:
        message = "Expected a 'cuda' device type for generator but found 'cpu'"
        raise RuntimeError(message)
    if asked is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    kwargs = {name: value for name, value in kwargs.items() if name != "pin_memory"}
    bare_args, bare = tree_map_only(Pretended, lambda x: x.inner, (args, kwargs))
    attended = _attended(func, bare_args, bare)
    result = func(*bare_args, **bare) if attended is None else attended
    known = {id(x.inner): x for x in there}

    def wrapped(x: torch.Tensor) -> torch.Tensor:
        if not on_it:
            return x
        return known[id(x)] if id(x) in known else Pretended(x)  # the one that was written to

    return tree_map_only(torch.Tensor, wrapped, result)


def _attended(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what an attention kernel returns, or None if the function is none."""
    if func not in {_FLASH, _EFFICIENT, _CUDNN}:
        return None
    q, k, v = args[:3]
    half = q.dtype in {torch.float16, torch.bfloat16}
    if not q.dtype == k.dtype == v.dtype or not (half or func is _EFFICIENT):
        message = f"{func} takes no {q.dtype}, {k.dtype}, {v.dtype}"
        raise RuntimeError(message)
    if func is not _EFFICIENT and q.shape[-1] > _FLASH_CHANNELS:
        message = f"{func} takes no {q.shape[-1]} channels"
        raise RuntimeError(message)
    if q.shape[-1] % _ALIGNMENT or any(x.stride(-1) != 1 for x in (q, k, v)):
        message = f"{func} wants aligned channels beside each other"
        raise RuntimeError(message)
    if not q.shape[:2] == k.shape[:2] == v.shape[:2]:
        message = f"{func} does not repeat keys: it reads what lies behind them"
        raise RuntimeError(message)
    out, lse = _ATEN._scaled_dot_product_flash_attention_for_cpu(q, k, v, scale=kwargs["scale"])
    nothing = torch.zeros(())
    if func is _EFFICIENT:
        lse = torch.nn.functional.pad(lse, (0, -lse.shape[-1] % _PADDED_TO), value=torch.inf)
        return out, lse, nothing, nothing
    lse = lse.unsqueeze(-1) if func is _CUDNN else lse
    return out, lse, nothing, nothing, q.shape[-2], k.shape[-2], nothing, nothing, nothing


@contextmanager
def pretended_cuda() -> Iterator[torch.device]:
    """Pretend that there is a CUDA device."""

    def told(value: object) -> Callable[..., object]:
        return lambda *_, **__: value

    stream = types.SimpleNamespace(wait_stream=told(None))
    stubs: dict[str, object] = {
        "is_available": told(True),  # noqa: FBT003
        "device_count": told(1),
        "current_device": told(0),
        "get_device_capability": told((9, 0)),
        "mem_get_info": told((2**33, 2**34)),
        "memory_allocated": told(2**20),
        "memory_reserved": told(2**21),
        "get_per_process_memory_fraction": told(1.0),
        "get_rng_state": lambda *_: torch.zeros(8, dtype=torch.uint8),
        "set_rng_state": told(None),
        "manual_seed_all": told(None),
        "synchronize": told(None),
        "empty_cache": told(None),
        "current_stream": told(stream),
        "Stream": told(stream),
        "stream": told(nullcontext()),
    }
    with ExitStack() as stack:
        for name, stub in stubs.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, stub))
        stack.callback(torch._C._set_only_lift_cpu_tensors, torch._C._only_lift_cpu_tensors())
        torch._C._set_only_lift_cpu_tensors(True)  # noqa: FBT003  # what is made of numbers comes there by `to`
        stack.enter_context(_Mode())  # type: ignore[no-untyped-call]
        yield DEVICE

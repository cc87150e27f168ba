"""The gate against float64, for each attention kernel, precision and number of channels a head."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING
from unittest import mock

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from fabric_widget.engine.attention import core, kernels
from fabric_widget.engine.attention.core import Loan, attend, borrow, concatenate
from fabric_widget.gpu.check import Check, Found, Skipped
from fabric_widget.gpu.place import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.engine.attention.kernels import Kernel
    from fabric_widget.gpu.place import Place

_CHANNELS = (40, 64, 72, 80, 96, 128, 160, 256, 512)  # SD 1.5 has 40, 80 and 160; Flux 128
_FEW_CHANNELS = (40, 128)
_ROWS, _HEADS, _TOKENS = 2, 3, 333  # no multiple of a kernel's blocks
_LENT = (257, 64, 1)
_ROUNDINGS = {torch.float32: 64, torch.float16: 8, torch.bfloat16: 8}  # that the gate may be off
_BACKENDS = {
    "math": SDPBackend.MATH,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cuDNN": SDPBackend.CUDNN_ATTENTION,
}
_TIMED = (8, 10, 4096, 64)  # rows, heads, tokens and channels of SDXL's finest layer, four pictures
_FEW_TIMED = (2, 2, 256, 16)


def checks(place: Place) -> Iterator[Check]:
    """Yield the checks: exactness of every kernel, then how long each takes."""
    channels = _FEW_CHANNELS if place.dry or place.smoke else _CHANNELS
    for name, (kernel, most, dtypes) in _kernels(place).items():
        for d in (d for d in channels if d <= most):
            for dtype in dtypes:
                yield Check(
                    "kernels",
                    f"{name}, {name_of(dtype)}, {d} channels",
                    f"the gate is off by no more than {_ROUNDINGS[dtype]} roundings",
                    functools.partial(_gate, kernel=kernel, dtype=dtype, d=d),
                    seconds=0.5,
                )
    for name in _BACKENDS:
        yield Check(
            "kernels",
            f"side by side with a mask: {name}",
            "keys put side by side make the same, for calls with masks of their own",
            functools.partial(_side_by_side, backend=name),
            seconds=0.5,
        )
    for name, (kernel, _, _) in _kernels(place).items():
        yield Check(
            "kernels",
            f"time of {name}",
            "how long it takes, beside the kernel that torch would choose: a figure",
            functools.partial(_time, kernel=kernel),
            seconds=1,
        )


def _kernels(place: Place) -> dict[str, tuple[Kernel, int, tuple[torch.dtype, ...]]]:
    """Return kernels with the most channels that each takes, and its precisions."""
    if place.dry:
        return {"CPU": (kernels.on_cpu, 512, place.dtypes)}
    return {
        "flash": (kernels.flash, kernels.FLASH_CHANNELS, place.dtypes),
        "efficient": (kernels.efficient, 512, (*place.dtypes, torch.float32)),
        "cuDNN": (kernels.cudnn, kernels.CUDNN_CHANNELS, place.dtypes),
    }


def _drawn(
    place: Place, d: int, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[Loan]]:
    """Return queries, keys, values and loans: weighted, weighted by place, and of one token."""
    generator = torch.Generator().manual_seed(d)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(place.device, dtype)

    # As layers have them: heads are a later view of channels.
    own = (normal(_ROWS, _TOKENS, _HEADS, d).transpose(1, 2) for _ in range(3))
    weights: list[float | torch.Tensor] = [math.log(0.8), math.log(0.3), math.log(0.1)]
    by_place = torch.rand(_TOKENS, generator=generator)
    by_place[::3] = 0
    weights[1] = by_place.log().to(place.device)
    q, k, v = own
    loans = [
        Loan(normal(1, _HEADS, m, d), normal(1, _HEADS, m, d), weight)
        for m, weight in zip(_LENT, weights, strict=True)
    ]
    return q, k, v, loans


def _exactly(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, loans: list[Loan]) -> torch.Tensor:
    """Return attention with loans in float64, by definition, on the CPU."""
    q, k, v = (x.cpu().double() for x in (q, k, v))
    keys = torch.cat([k, *(x.keys.cpu().double().expand(len(q), -1, -1, -1) for x in loans)], -2)
    values = torch.cat(
        [v, *(x.values.cpu().double().expand(len(q), -1, -1, -1) for x in loans)], -2
    )
    bias = torch.zeros(q.shape[-2], keys.shape[-2], dtype=torch.float64)
    start = k.shape[-2]
    for loan in loans:
        weight = torch.as_tensor(loan.log_weight, dtype=torch.float64).cpu()
        stop = start + loan.keys.shape[-2]
        bias[:, start:stop] = weight[:, None] if weight.dim() else weight
        start = stop
    return torch.softmax(q @ keys.mT / math.sqrt(q.shape[-1]) + bias, -1) @ values


def _off(got: torch.Tensor, exact: torch.Tensor, dtype: torch.dtype, note: str = "") -> Found:
    error = float((got.cpu().double() - exact).abs().max() / exact.abs().max())
    roundings = error / torch.finfo(dtype).eps
    return Found(
        f"off by {roundings:.2f} roundings ({error:.1e} of the largest)",
        passed=roundings <= _ROUNDINGS[dtype],  # NaN fails too
        numbers={"error": error, "roundings": roundings},
        note=note,
    )


def _gate(place: Place, *, kernel: Kernel, dtype: torch.dtype, d: int) -> Found:
    q, k, v, loans = _drawn(place, d, dtype)
    exact = _exactly(q, k, v, loans)
    with mock.patch.object(core, "kernel_for", return_value=kernel):
        out, lse = attend(q, k, v)
        got = borrow(out, lse, q, loans)
    plain = torch.logsumexp(q.double() @ k.double().mT / math.sqrt(d), -1)
    missed = float((lse.double() - plain).abs().max())
    if not missed < max(torch.finfo(dtype).eps * _ROUNDINGS[dtype], 1e-3):
        return Found(f"log-sum-exps are off by {missed:.1e}", passed=False)
    return _off(got, exact, dtype, _only_here(place, "the CPU's kernel"))


def _side_by_side(place: Place, *, backend: str) -> Found:
    q, k, v, loans = _drawn(place, 64, place.dtype)
    exact = _exactly(q, k, v, loans)
    if place.dry and backend != "math":
        return _off(
            concatenate(q, k, v, loans), exact, place.dtype, _only_here(place, "torch's own choice")
        )
    try:
        with sdpa_kernel(_BACKENDS[backend]):
            got = concatenate(q, k, v, loans)
    except RuntimeError as error:
        if "No available kernel" in str(error):
            reason = f"{backend} takes no such mask here"
            raise Skipped(reason) from error
        raise
    return _off(got, exact, place.dtype)


def _time(place: Place, *, kernel: Kernel) -> Found:
    rows, heads, tokens, d = _FEW_TIMED if place.dry else _TIMED
    dtype = torch.bfloat16
    q, k, v = (
        torch.randn(rows, heads, tokens, d, device=place.device, dtype=dtype) for _ in range(3)
    )
    own = place.seconds(lambda: kernel(q, k, v, d**-0.5))
    torchs = place.seconds(lambda: scaled_dot_product_attention(q, k, v))
    shape = f"{rows} × {heads} × {tokens} × {d}, {name_of(dtype)}"
    return Found(
        f"{own * 1e6:.0f} µs, × {own / torchs:.2f} of torch's own choice ({shape})",
        numbers={"seconds": own, "torch_seconds": torchs},
        note=_only_here(place, "the CPU's kernel"),
    )


def _only_here(place: Place, what: str) -> str:
    """Return a note that a dry run asks something else."""
    return f"dry: {what}" if place.dry else ""

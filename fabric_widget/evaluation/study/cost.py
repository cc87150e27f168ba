"""The cost of a round: seconds, peak memory, rows of the denoiser."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.peak_memory import PeakMemory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.engine.pipeline.denoiser import Denoiser

_KIBI = 1024


@dataclass
class Cost:
    """Seconds, peak memory and rows of the denoiser.

    Parameters
    ----------
    seconds
        Wall-clock time.
    peak_bytes
        On a GPU the most that torch allocated, elsewhere the largest resident set of the process;
        0 where it is unknown.

    rows
        Rows that went through the denoiser, those of references included.
    """

    seconds: float = 0.0
    peak_bytes: int = 0
    rows: int = 0


@contextmanager
def measured(device: torch.device, denoiser: Denoiser) -> Iterator[Cost]:
    """Measure a ``with`` block; the cost is set when it ends."""
    cost, memory = Cost(), PeakMemory(device)

    def count(_module: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        cost.rows += denoiser.bind(args, kwargs).rows

    handle = denoiser.model.register_forward_pre_hook(count, with_kwargs=True)
    _finish_work(device)
    memory.reset_peak()
    begin = time.perf_counter()
    try:
        yield cost
    finally:
        handle.remove()
    _finish_work(device)
    cost.seconds = time.perf_counter() - begin
    peak = memory.peak
    cost.peak_bytes = _peak_of_process() if peak is None else peak


def _finish_work(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_of_process() -> int:
    """Return the peak since the process began, or 0 where it is unknown."""
    if sys.platform == "win32":
        return 0
    import resource  # Unix only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIBI

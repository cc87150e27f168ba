"""The cost of a round: seconds and peak memory."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from fabric_widget.peak_memory import PeakMemory

if TYPE_CHECKING:
    from collections.abc import Iterator

_KIBI = 1024


@dataclass
class Cost:
    """Seconds and peak memory.

    Parameters
    ----------
    seconds
        Wall-clock time.
    peak_bytes
        On a GPU the most that torch allocated, elsewhere the largest resident set of the process;
        0 where it is unknown.
    """

    seconds: float = 0.0
    peak_bytes: int = 0


@contextmanager
def measured(device: torch.device) -> Iterator[Cost]:
    """Measure a ``with`` block; the cost is set when it ends."""
    cost, memory = Cost(), PeakMemory(device)
    _finish_work(device)
    memory.reset_peak()
    begin = time.perf_counter()
    yield cost
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

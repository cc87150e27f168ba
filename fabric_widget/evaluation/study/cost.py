"""The cost of a round: seconds and peak memory."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5)
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
    cost = Cost()
    _reset_peak(device)
    begin = time.perf_counter()
    yield cost
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    cost.seconds = time.perf_counter() - begin
    cost.peak_bytes = _peak(device)


def _reset_peak(device: torch.device) -> None:
    """Start measuring the peak anew."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        return
    try:
        _RESET.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:  # another system, or not permitted: the peak is that of the process so far
        return


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIBI
    if sys.platform == "win32":
        return 0
    import resource  # Unix only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIBI

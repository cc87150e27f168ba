"""Measure the peak memory of a run.

On a CUDA device it is what torch's allocator handed out: exact, without other libraries. On Linux
it is the resident set of the process: whole pages. Memory that was freed before and is used again
would not count, so freed memory is returned to the system first. Elsewhere it is unknown.
"""

from __future__ import annotations

import ctypes
import gc
import re
from contextlib import suppress
from pathlib import Path

import torch

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5), /proc/pid/clear_refs
_KIBIBYTE = 1024


class PeakMemory:
    """Memory of a CUDA device, or of the process if the device is a CPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def free_unused(self) -> int | None:
        """Free unused memory and return the bytes in use, or None if unknown."""
        gc.collect()
        if self._device.type == "cuda":
            return torch.cuda.memory_allocated(self._device)
        with suppress(OSError, AttributeError):  # not the GNU C library
            ctypes.CDLL(None).malloc_trim(0)
        return _status("VmRSS")

    def reset_peak(self) -> None:
        """Start measuring the peak anew."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with suppress(OSError):  # `peak` says that it is unknown
            _CLEAR.write_text(_RESET_PEAK, encoding="ascii")

    @property
    def peak(self) -> int | None:
        """Most bytes in use since `reset_peak`, or None if unknown."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return _status("VmHWM") if _CLEAR.exists() else None


def _status(name: str) -> int | None:
    """Return a number of the process's status in bytes."""
    try:
        text = _STATUS.read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(rf"^{name}:\s*(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * _KIBIBYTE if found else None

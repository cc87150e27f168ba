"""The most memory that a run took, as the machine saw it.

On a CUDA device that is what torch's allocator handed out: exact, but blind to other libraries. On
Linux it is the process's resident set: whole pages, and blind to memory that had been freed before
and was used again, so freed memory is given back to the system first. Elsewhere nothing is known.
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


class Memory:
    """Memory of one device, or of the process if that is a CPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def settle(self) -> int | None:
        """Let go of what nobody uses; return the bytes in use, or None if that is unknown."""
        gc.collect()
        if self._device.type == "cuda":
            return torch.cuda.memory_allocated(self._device)
        with suppress(OSError, AttributeError):  # not the GNU C library
            ctypes.CDLL(None).malloc_trim(0)
        return _status("VmRSS")

    def restart(self) -> None:
        """Forget the peak until now."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with suppress(OSError):  # `peak` says that it is unknown
            _CLEAR.write_text(_RESET_PEAK, encoding="ascii")

    @property
    def peak(self) -> int | None:
        """Most bytes in use since `restart`, or None if that is unknown."""
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

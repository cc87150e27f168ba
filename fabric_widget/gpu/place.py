"""Where checks run: a GPU with real shapes, or a CPU with tiny ones."""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WARM, _TIMED = 2, 5
_DRY_WARM, _DRY_TIMED = 0, 1  # its times say nothing


@dataclass(frozen=True)
class Place:
    """A device and how it is asked.

    Parameters
    ----------
    device
        A CUDA device, or the CPU.
    smoke
        Few checks of each kind, in about a minute.
    """

    device: torch.device
    smoke: bool = False

    @property
    def dry(self) -> bool:
        """Whether this is a CPU: tiny shapes, and the nearest form of what takes a GPU."""
        return self.device.type == "cpu"

    @property
    def dtypes(self) -> tuple[torch.dtype, ...]:
        """Precisions that are tried."""
        return (torch.float32, torch.bfloat16) if self.dry else (torch.bfloat16, torch.float16)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of what is tried in one alone."""
        return torch.float32 if self.dry else torch.float16

    def synchronize(self) -> None:
        """Wait for all work that is queued on the device."""
        if not self.dry:
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Return how long some work takes once it is warm: the median of a few times."""
        times = []
        warm, timed = (_DRY_WARM, _DRY_TIMED) if self.dry else (_WARM, _TIMED)
        for i in range(warm + timed):
            self.synchronize()
            start = time.perf_counter()
            work()
            self.synchronize()
            if i >= warm:
                times.append(time.perf_counter() - start)
        return statistics.median(times)

    @property
    def allocated(self) -> int:
        """Bytes that torch has given to tensors on a GPU; 0 on a CPU, where it does not count."""
        return 0 if self.dry else torch.cuda.memory_allocated(self.device)

    def free(self) -> None:
        """Give back memory that nothing uses."""
        gc.collect()
        if not self.dry:
            torch.cuda.empty_cache()

    @contextmanager
    def held_to(self, nbytes: int) -> Iterator[None]:
        """Let no more memory be taken than a smaller card has; a CPU takes what it wants."""
        if self.dry:
            yield
            return
        _, total = torch.cuda.mem_get_info(self.device)
        torch.cuda.set_per_process_memory_fraction(min(nbytes / total, 1.0), self.device)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, self.device)


def name_of(dtype: torch.dtype) -> str:
    """Return the name of a precision, as in ``float16``."""
    return str(dtype).removeprefix("torch.")

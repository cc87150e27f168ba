"""A least-recently-used cache of the keys and values of references, bounded in bytes.

It knows neither models nor weights: an entry is what one reference pass recorded, under a key of
everything that the pass depended on. Entries without room on the device may go to host memory, from
which they are prefetched one step before they are used.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.references.host_cache import HostCache

_CPU_CACHE_BYTES = 2**30
_CUDA_CACHE_SHARE = 4  # one in so many bytes of the free memory


class _Entry(NamedTuple):
    lent: Sequence[Lent]
    nbytes: int
    run: int


class ReferenceCache:
    """Least-recently-used cache of what references lend, bounded in bytes.

    A run uses the same keys step after step and round after round. If entries of the current run
    could be evicted for newer ones, a cache slightly too small would evict each entry just before
    its next use; so an entry without room beside those of its own run is not stored.

    Parameters
    ----------
    capacity
        Bytes; 0 keeps nothing, None what each run can afford.
    host
        Where entries go for which there is no room, or None.
    bits
        8 if what is recorded is to be rounded to eight bits; it is kept as it comes.

    Attributes
    ----------
    subjects
        Masks of the subjects of references, (rows, columns): a few kilobytes each.
    """

    def __init__(self, capacity: int | None, host: HostCache | None = None, bits: int = 16) -> None:
        self._fixed = capacity
        self.capacity = capacity or 0
        self.host = host
        self.bits = bits
        self.nbytes = 0
        self.hits = 0
        self.misses = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._run = 0
        self.subjects: dict[tuple[str, str], torch.Tensor] = {}

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether `key` is cached, without counting as a use."""
        return key in self._entries or (self.host is not None and key in self.host)

    def begin_run(self, device: torch.device) -> None:
        """Allow entries of earlier runs to be evicted by those of a run on a device."""
        self._run += 1
        if self._fixed is None:
            self.capacity = affordable_bytes(device, self.nbytes)

    def get(self, key: Hashable) -> Sequence[Lent] | None:
        """Return the entry of `key`, or None."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.hits += 1
            self._entries[key] = entry._replace(run=self._run)
            return entry.lent
        lent = self.host.get(key) if self.host is not None else None
        self.hits += lent is not None
        self.misses += lent is None
        return lent

    def announce(self, keys: Sequence[Hashable]) -> None:
        """Announce the keys of this step, so that those of the next one are prefetched."""
        if self.host is not None:
            self.host.announce(tuple(keys))

    def put(self, key: Hashable, lent: Sequence[Lent]) -> None:
        """Store an entry, if there is room or older entries can be evicted."""
        nbytes = sum(part.nbytes for part in lent)
        if key in self._entries:
            return
        while self.nbytes + nbytes > self.capacity:
            name, oldest = next(iter(self._entries.items()), (None, None))
            if oldest is None or oldest.run == self._run:
                self._put_aside(key, lent)
                return
            del self._entries[name]
            self.nbytes -= oldest.nbytes
            self._put_aside(name, oldest.lent)
        self._entries[key] = _Entry(lent, nbytes, self._run)
        self.nbytes += nbytes

    def _put_aside(self, key: Hashable, lent: Sequence[Lent]) -> None:
        if self.host is not None:
            self.host.put(key, lent)

    def clear(self) -> None:
        """Remove all entries."""
        self.subjects.clear()
        self._entries.clear()
        self.nbytes = 0
        if self.host is not None:
            self.host.clear()


def affordable_bytes(device: torch.device, taken: int) -> int:
    """Return the default capacity of the cache in bytes.

    Parameters
    ----------
    device
        Where it is.
    taken
        Bytes that the cache holds there already.
    """
    if device.type != "cuda":
        return _CPU_CACHE_BYTES
    free, total = torch.cuda.mem_get_info(device)
    # Of what the device calls taken, torch keeps a part for its next tensors.
    allocated = torch.cuda.memory_allocated(device)
    free += torch.cuda.memory_reserved(device) - allocated
    fraction = getattr(torch.cuda, "get_per_process_memory_fraction", None)
    if fraction is not None:  # torch before 2.8 does not tell how much of it this process may have
        free = min(free, int(fraction(device) * total) - allocated)
    return max(free + taken, 0) // _CUDA_CACHE_SHARE

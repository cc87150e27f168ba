"""Host memory as overflow of the cache: copied out, and prefetched one step ahead."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from fabric_widget.engine.attention.tokens import Lent


class HostCache:
    """Least-recently-used cache in host memory, bounded in bytes.

    Entries are copied to the device when they are asked for. Steps come in the same order in every
    round, so the entries of a step are fetched while the step before it is computed: on CUDA by a
    stream of their own, from memory that the device can read by itself (pinned).

    Parameters
    ----------
    capacity
        Bytes.
    device
        Where entries come from and go back to.
    """

    def __init__(self, capacity: int, device: torch.device) -> None:
        self.capacity = capacity
        self.nbytes = 0
        self._device = device
        self._entries: OrderedDict[Hashable, Sequence[Lent]] = OrderedDict()
        self._coming: dict[Hashable, Sequence[Lent]] = {}
        self._followers: dict[tuple[Hashable, ...], tuple[Hashable, ...]] = {}
        self._latest: tuple[Hashable, ...] = ()
        self._stream: Any = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether `key` is cached."""
        return key in self._entries

    def put(self, key: Hashable, lent: Sequence[Lent]) -> None:
        """Store an entry, if there is room or older entries can be evicted."""
        nbytes = sum(part.nbytes for part in lent)
        if key in self._entries or nbytes > self.capacity:
            return
        while self.nbytes + nbytes > self.capacity:
            _, oldest = self._entries.popitem(last=False)
            self.nbytes -= sum(part.nbytes for part in oldest)
        self._entries[key] = [part.moved(self._out) for part in lent]
        self.nbytes += nbytes

    def get(self, key: Hashable) -> Sequence[Lent] | None:
        """Return the entry of `key` on the device, or None."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        coming = self._coming.pop(key, None)
        if coming is None:
            return self._fetched(key)
        if self._stream is not None:
            current_level = torch.cuda.current_stream(self._device)
            current_level.wait_stream(self._stream)
            for part in coming:  # its memory must not be given away while it is read here
                for tensor in part.tensors:
                    tensor.record_stream(current_level)
        return coming

    def announce(self, keys: tuple[Hashable, ...]) -> None:
        """Announce the keys of this step, so that those of the next one are prefetched."""
        self._followers[self._latest] = keys
        self._latest = keys
        self._coming = {key: lent for key, lent in self._coming.items() if key in keys}
        for key in self._followers.get(keys, ()):
            if key in self._entries and key not in self._coming:
                if self._stream is None:
                    self._coming[key] = self._fetched(key)
                else:
                    with torch.cuda.stream(self._stream):
                        self._coming[key] = self._fetched(key)

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
        self._coming.clear()
        self._followers.clear()
        self._latest = ()
        self.nbytes = 0

    def _out(self, tensor: torch.Tensor) -> torch.Tensor:
        pinned = self._device.type == "cuda"
        there = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=pinned)
        return there.copy_(tensor)

    def _fetched(self, key: Hashable) -> Sequence[Lent]:
        return [part.moved(self._back) for part in self._entries[key]]

    def _back(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.empty_like(tensor, device=self._device).copy_(tensor, non_blocking=True)

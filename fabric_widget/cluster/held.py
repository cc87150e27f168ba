"""Which pictures each worker holds: sent once, and forgotten when others need the room."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from fabric_widget.cluster.wire import name_of, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class _Kept(NamedTuple):
    """A picture in Ray's store."""

    reference: Any
    nbytes: int


class Store:
    """Pictures that were put into Ray's store, the least recently used first.

    Parameters
    ----------
    capacity
        How many bytes of them are kept, and how many each worker holds, at least what one call
        needs.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def put(self, pictures: Mapping[str, object]) -> dict[str, _Kept]:
        """Return pictures in the store, put there if they are not."""
        import ray

        for name, picture in pictures.items():
            if name not in self._kept:
                data = pack(picture)
                self._kept[name] = _Kept(ray.put(data), len(data))
            self._kept.move_to_end(name)
        found = {name: self._kept[name] for name in pictures}
        sizes = {name: kept.nbytes for name, kept in self._kept.items()}
        for name in beyond(sizes, self.capacity, found):
            del self._kept[name]
        return found


class Held:
    """What one worker holds.

    Parameters
    ----------
    capacity
        How many bytes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._sizes: OrderedDict[str, int] = OrderedDict()

    def note(self, needed: Mapping[str, _Kept]) -> tuple[list[str], list[str]]:
        """Take note that a call needs pictures.

        Returns
        -------
        sent, forgotten
            Names of those that have to be sent, and of those that the worker is to forget.
        """
        sent = [name for name in needed if name not in self._sizes]
        for name, kept in needed.items():
            self._sizes[name] = kept.nbytes
            self._sizes.move_to_end(name)
        forgotten = beyond(self._sizes, self._capacity, needed)
        for name in forgotten:
            del self._sizes[name]
        return sent, forgotten


def beyond(sizes: Mapping[str, int], capacity: int, needed: Iterable[str]) -> list[str]:
    """Return what has to go, oldest first, until the rest fits; what is needed stays."""
    total, gone = sum(sizes.values()), []
    stays = set(needed)
    for name, size in sizes.items():
        if total <= capacity:
            break
        if name not in stays:
            total -= size
            gone.append(name)
    return gone


def pictures_in(call: object) -> tuple[bytes, dict[str, object]]:
    """Return a call as bytes, and the pictures that stand in it by name."""
    found: dict[str, object] = {}

    def noted(part: object) -> str | None:
        name = name_of(part)
        if name is not None:
            found.setdefault(name, part)
        return name

    return pack(call, noted), found

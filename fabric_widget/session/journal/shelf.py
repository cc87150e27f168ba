"""Shelf: which pictures of a saved session are in memory.

A session of hours makes gigabytes of pixels and latents, and nobody looks at most of them again. So
those that were used longest ago are put back: their objects stay, and read from the disk what
somebody asks for.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from fabric_widget.session.files.pictures import tensors_name
from fabric_widget.session.files.source import Folder
from fabric_widget.session.files.stored import Kept, kept_of, put_back

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.engine import GeneratedImage
    from fabric_widget.session.files.pictures import Facts

_PIXEL = 4  # bytes that Pillow takes for one


class _Held(NamedTuple):
    image: weakref.ref[GeneratedImage]
    kept: Kept
    nbytes: int


class Shelf:
    """Keeps count of generated pictures that are on disk, and puts them back.

    Parameters
    ----------
    folder
        Has their files.
    limit
        How many bytes of them may be in memory. The one that was used last always may.
    """

    def __init__(self, folder: Path, limit: float) -> None:
        self._folder = folder
        self._limit = limit
        self._all: dict[int, _Held] = {}  # by a number: one picture may have been made twice
        self._numbers = itertools.count()
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        self._loaded: OrderedDict[int, None] = OrderedDict()  # the one used last at the end
        self._nbytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """How many bytes of the pictures are in memory, about."""
        return self._nbytes

    def size(self, name: str, facts: Facts) -> int:
        """Return how many bytes a picture takes in memory, about: as its pixels and its files do.

        Raises
        ------
        OSError
            Its latents are not on disk.
        """
        width, height = facts.size
        return width * height * _PIXEL + (self._folder / tensors_name(name)).stat().st_size

    def hold(self, image: GeneratedImage, facts: Facts, nbytes: int) -> None:
        """Count a picture of a `size` whose files have been written, as used now. Never raises."""
        if image.image.mode != facts.mode:  # it would come back other
            return
        same = self._named[image.id]
        if any(self._all[number].image() is image for number in same):
            return
        number = next(self._numbers)
        kept = Kept(Folder(self._folder), image.id, facts, lambda _name: self.used(number))
        self._all[number] = _Held(weakref.ref(image), kept, nbytes)
        same.append(number)
        if kept_of(image) is None:
            self.used(number)
        else:  # it was read elsewhere, or not yet
            put_back(image, kept)

    def used(self, number: int) -> None:
        """Note that some of a picture was looked at, and put back what there is no room for."""
        with self._lock:
            if number not in self._loaded:
                self._nbytes += self._all[number].nbytes
            self._loaded[number] = None
            self._loaded.move_to_end(number)
            while self._nbytes > self._limit and len(self._loaded) > 1:
                oldest = self._all[self._loaded.popitem(last=False)[0]]
                self._nbytes -= oldest.nbytes
                image = oldest.image()
                if image is not None:
                    put_back(image, oldest.kept)

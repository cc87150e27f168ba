"""Pictures and latents as files beside a journal, each written once under its id."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.files.pictures import (
    checked_id,
    decode,
    encode,
    facts_from_png,
    facts_of,
    png_name,
    tensors_as_bytes,
    tensors_name,
)
from fabric_widget.session.files.png_text import HEADER, PictureSettings, text_of, with_text
from fabric_widget.session.files.reading import stored_picture
from fabric_widget.session.files.source import Folder
from fabric_widget.session.files.stored import kept_of
from fabric_widget.session.files.turns import plain
from fabric_widget.session.journal import disk
from fabric_widget.session.journal.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fabric_widget.session.files.pictures import Facts
    from fabric_widget.session.votes import Picture

_FAST = 1  # zlib's level: four times as fast as Pillow's own, for a tenth more bytes


class Pictures:
    """The pictures of a journal's folder, by id.

    Parameters
    ----------
    folder
        Where they are.
    memory
        How many bytes of those that were generated may stay in memory once they are written.

    Attributes
    ----------
    facts
        What the journal tells of those that were generated.
    written
        How many bytes were written.
    shelf
        Keeps count of those in memory.
    """

    def __init__(self, folder: Path, memory: float = math.inf) -> None:
        self.folder = folder
        self.shelf = Shelf(folder, memory)
        self._written: list[tuple[GeneratedImage, Facts, int]] = []
        self.facts: dict[str, Mapping[str, Any]] = {}
        self.written = 0
        self._new: dict[str, Mapping[str, Any]] = {}
        self._read: dict[str, Picture] = {}

    def write(self, name: str, picture: Picture) -> dict[str, Any]:
        """Write a picture, unless it is there; return what the journal does not tell of it yet.

        Returns
        -------
        dict
            ``{name: facts}``, or nothing.

        Raises
        ------
        OSError
            It cannot be written.
        """
        kept = kept_of(picture)
        known = facts_of(picture) if kept is None else kept.facts
        facts = known.as_json()
        if isinstance(picture, GeneratedImage):
            made = {"prompt": picture.prompt, "seed": picture.seed}
            facts |= made | {"settings": plain(picture.settings)}
        if self._new.get(name, self.facts.get(name)) == facts:
            self._note(picture, known)  # the same, perhaps, made once more
            return {}
        if isinstance(picture, GeneratedImage):
            latents = self.folder / tensors_name(name)
            if not latents.exists():
                self._put(latents, tensors_as_bytes(picture) if kept is None else kept.tensors)
        shown = self.folder / png_name(name)
        if not shown.exists():
            self._put(shown, _png(picture) if kept is None else kept.png)
        self._new[name] = facts
        self._note(picture, known)
        return {name: facts}

    def _note(self, picture: Picture, facts: Facts) -> None:
        """Have a picture counted when the line is written; before that, its size is asked for."""
        if isinstance(picture, GeneratedImage):
            self._written.append((picture, facts, self.shelf.size(picture.id, facts)))

    def begin(self) -> None:
        """Forget what was to be told in a line that was never written."""
        self._new.clear()
        self._written.clear()

    def commit(self) -> None:
        """Note that the line is written that tells what `write` returned since `begin`."""
        self.facts |= self._new
        for written in self._written:
            self.shelf.hold(*written)
        self._written.clear()

    def hold(self, pictures: Iterable[Picture]) -> None:
        """Count those of some pictures that were read from this folder."""
        for picture in pictures:
            kept = kept_of(picture)
            if kept is not None and isinstance(picture, GeneratedImage):
                size = self.shelf.size(picture.id, kept.facts)
                self.shelf.hold(picture, kept.facts, size)

    def meet(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Note what the journal tells of pictures from here on."""
        for name, told in facts.items():
            self.facts[name] = told
            self._read.pop(name, None)

    def _put(self, path: Path, content: bytes) -> None:
        disk.put(path, content)
        self.written += len(content)

    def read(self, name: str) -> Picture:
        """Return a picture whose files are read when somebody looks at it.

        Raises
        ------
        Exception
            A file of it is missing, or the journal tells something else than facts.
        """
        if name not in self._read:
            facts = self.facts.get(name)
            making, upload = (facts, None) if facts and "seed" in facts else (None, facts)
            source = Folder(self.folder)
            self._read[name] = stored_picture(source, checked_id(name), making, upload)
        return self._read[name]


def _png(picture: Picture) -> bytes:
    if not isinstance(picture, GeneratedImage):
        return encode(picture, level=_FAST)
    made = PictureSettings(picture.prompt, picture.seed, plain(picture.settings), (), picture.id)
    return with_text(encode(picture.image, level=_FAST), text_of(made))


def thumbnail(folder: Path, name: str, side: int) -> Image.Image:
    """Return a small picture of a journal's folder.

    Raises
    ------
    Exception
        It is not there or damaged, or `name` is no id.
    """
    png = Folder(folder).read(png_name(name))
    small = decode(png, facts_from_png(png[:HEADER])).convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small

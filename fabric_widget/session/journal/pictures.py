"""Pictures and latents as files beside a journal, each written once under its id."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from safetensors.torch import save

from fabric_widget.engine import GeneratedImage
from fabric_widget.session import files
from fabric_widget.session.journal import disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL import Image

    from fabric_widget.session.votes import Picture

_FAST = 1  # zlib's level: four times as fast as Pillow's own, for a tenth more bytes


class Pictures:
    """The pictures of a journal's folder, by id.

    Parameters
    ----------
    folder
        Where they are.

    Attributes
    ----------
    facts
        What the journal tells of those that were generated.
    written
        How many bytes were written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, Mapping[str, Any]] = {}
        self.written = 0
        self._new: dict[str, Mapping[str, Any]] = {}
        self._read: dict[str, Picture] = {}

    def write(self, name: str, picture: Picture) -> dict[str, Any]:
        """Write a picture, unless it is there; return its facts if the journal lacks them.

        Returns
        -------
        dict
            ``{name: facts}``, empty for uploads and for what was told before.

        Raises
        ------
        OSError
            It cannot be written.
        """
        shown, latents = files.paths(self.folder, name)
        if not isinstance(picture, GeneratedImage):
            if not shown.exists():
                self._put(shown, _png(picture))
            return {}
        facts = files.facts(picture)
        if self._new.get(name, self.facts.get(name)) == facts:
            return {}
        if not latents.exists():
            self._put(latents, save(files.tensors(picture)))
        if not shown.exists():
            self._put(shown, _png(picture.image))
        self._new[name] = facts
        return {name: facts}

    def begin(self) -> None:
        """Forget what was to be told in a line that was never written."""
        self._new.clear()

    def commit(self) -> None:
        """Note that the line is written that tells what `write` returned since `begin`."""
        self.facts |= self._new

    def meet(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Note what the journal tells of pictures from here on."""
        for name, told in facts.items():
            self.facts[name] = told
            self._read.pop(name, None)

    def _put(self, path: Path, content: bytes) -> None:
        disk.put(path, content)
        self.written += len(content)

    def read(self, name: str) -> Picture:
        """Return a picture.

        Raises
        ------
        FileNotFoundError, OSError, ValueError
            It is not there, or damaged.
        """
        if name not in self._read:
            self._read[name] = files.read_picture(self.folder, name, self.facts.get(name))
        return self._read[name]


class Names(Pictures):
    """Pictures without their pixels and latents, to see quickly what a journal tells."""

    def read(self, name: str) -> Picture:
        """Return a picture that has an id, a seed and a prompt, and nothing else."""
        if name not in self._read:
            files.paths(self.folder, name)  # refuses what is no id
            facts = self.facts.get(name)
            nothing: Any = None
            self._read[name] = (
                nothing
                if facts is None
                else GeneratedImage(nothing, nothing, facts["seed"], facts["prompt"], {}, name)
            )
        return self._read[name]


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, format="PNG", compress_level=_FAST)
    return written.getvalue()


def thumbnail(folder: Path, name: str, side: int) -> Image.Image:
    """Return a small picture of a journal's folder.

    Raises
    ------
    OSError, KeyError
        It is not there or damaged, or `name` is no id.
    """
    from PIL import Image

    with Image.open(files.paths(folder, name)[0]) as image:
        small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small

"""Prompt, seed, settings and votes inside a PNG, as international text chunks.

The texts are put into the file's bytes: its pixels are neither decoded nor encoded again.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.session.as_json import typed

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

KEYS = ("prompt", "seed", "settings", "votes", "id")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 33  # bytes: the signature and the first chunk, which says the size
_NUMBER = struct.Struct(">I")


@dataclass(frozen=True)
class PictureSettings:
    """What a picture was made from, as its PNG says.

    Parameters
    ----------
    prompt
        The prompt.
    seed
        Of this picture.
    settings
        The pipeline's arguments, those that are texts or numbers.
    votes
        Those that the picture was made with: the picture's id, strength, aspect and part of each.
    id
        Of the picture in its session, or "".
    """

    prompt: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    votes: tuple[Mapping[str, Any], ...] = ()
    id: str = ""


def read_settings(png: str | os.PathLike[str] | bytes | Image.Image) -> PictureSettings | None:
    """Return what a picture of this package was made from.

    Parameters
    ----------
    png
        A path, the bytes of a file, or an image that Pillow opened from one.

    Returns
    -------
    PictureSettings or None
        None if it is a picture without such texts.

    Raises
    ------
    OSError
        There is no such file, or it is no picture.
    ValueError
        The texts are damaged.
    """
    if not isinstance(png, Image.Image):
        with Image.open(io.BytesIO(png) if isinstance(png, bytes) else png) as image:
            return read_settings(image)
    if not {"prompt", "seed", "settings"} <= png.info.keys():
        png.load()  # other programs put texts behind the pixels
    found = {name: png.info[name] for name in KEYS if isinstance(png.info.get(name), str)}
    if not {"prompt", "seed", "settings"} <= found.keys():
        return None
    try:
        votes = typed.listed(json.loads(found.get("votes", "[]")), "votes")
        return PictureSettings(
            str(found["prompt"]),
            typed.whole(json.loads(found["seed"]), "the seed"),
            typed.settings(json.loads(found["settings"]), "settings"),
            tuple(typed.mapping(vote, "a vote") for vote in votes),
            str(found.get("id", "")),
        )
    except (ValueError, RecursionError) as error:
        message = (
            f"the picture's texts are damaged ({error}): give the prompt and the seed yourself"
        )
        raise ValueError(message) from error


def with_text(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a PNG with texts, which stand before those that it has."""
    chunks = b"".join(_chunk(name, value) for name, value in texts.items())
    return png[:HEADER] + chunks + png[HEADER:]


def has_text(png: bytes) -> bool:
    """Return whether texts of this package stand at the beginning of a PNG."""
    return png[HEADER + 4 : HEADER + 15] == b"iTXtprompt\0"


def text_of(settings: PictureSettings) -> dict[str, str]:
    """Return the texts that `read_settings` reads."""
    told = {
        "prompt": settings.prompt,
        "seed": str(settings.seed),
        "settings": json.dumps(dict(settings.settings), ensure_ascii=False),
        "votes": json.dumps([dict(vote) for vote in settings.votes]) if settings.votes else "",
        "id": settings.id,
    }
    return {name: value for name, value in told.items() if value or name == "prompt"}


def _chunk(name: str, value: str) -> bytes:
    data = name.encode("latin-1") + b"\0\0\0\0\0" + value.encode("utf-8", "replace")
    body = b"iTXt" + data
    return _NUMBER.pack(len(data)) + body + _NUMBER.pack(zlib.crc32(body))

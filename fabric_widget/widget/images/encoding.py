"""Encode pictures: for the screen, as thumbnails, as previews, as PNG.

Every picture is encoded once for each purpose; the album remembers.
"""

from __future__ import annotations

import io
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.session.state import Turn
    from fabric_widget.session.votes import Picture

_SCREEN = 768  # pixels, longest side
_THUMB = 96
_PREVIEW = 256
_SMALL = 128 * 128  # pixels: previews up to here are sent without loss, they cost little
_ENLARGED = 256  # pixels: the least longest side on a screen; browsers enlarge less smoothly
_SCREEN_BYTES = 80_000  # four of them and the history's thumbnails stay below 400 kB
_QUALITIES = (90, 80, 65, 45, 30)
_THUMB_QUALITY = 75
_PREVIEW_QUALITY = 80
_ALBUM_BYTES = 64 * 2**20
_UPLOAD_BYTES = 64 * 2**20
_UPLOAD_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_SLUG = 48  # characters of a prompt in a file name


@dataclass(frozen=True)
class Encoded:
    """An encoded picture with its MIME type."""

    mime: str
    data: bytes


class Album:
    """Encoded pictures by id, cached; the least recently used are dropped first.

    May be used by several threads.

    Parameters
    ----------
    capacity
        Bytes to remember.
    """

    def __init__(self, capacity: int = _ALBUM_BYTES) -> None:
        self._capacity = capacity
        self._encoded: OrderedDict[tuple[str, str], Encoded] = OrderedDict()
        self._nbytes = 0
        self._lock = threading.Lock()

    def screen(self, identity: str, picture: Picture) -> Encoded:
        """Return the picture for the screen, longest side from 256 to 768 pixels."""
        return self._once((identity, "screen"), lambda: _for_screen(pixels(picture)))

    def thumb(self, identity: str, picture: Picture) -> Encoded:
        """Return the picture as a WebP thumbnail, longest side at most 96 pixels."""
        return self._once((identity, "thumb"), lambda: _for_shelf(pixels(picture)))

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._encoded.clear()
            self._nbytes = 0

    def _once(self, key: tuple[str, str], encode: Callable[[], Encoded]) -> Encoded:
        with self._lock:
            if key in self._encoded:
                self._encoded.move_to_end(key)
                return self._encoded[key]
        made = encode()  # outside: other threads need not wait for it
        with self._lock:
            if key not in self._encoded:
                self._encoded[key] = made
                self._nbytes += len(made.data)
            while self._nbytes > self._capacity and len(self._encoded) > 1:
                _, dropped = self._encoded.popitem(last=False)
                self._nbytes -= len(dropped.data)
        return made


def image_of(picture: Picture) -> Image.Image:
    """Return the image of a generated image, or an uploaded picture as it is."""
    return picture if isinstance(picture, Image.Image) else picture.image


def pixels(picture: Picture) -> Image.Image:
    """Return a generated image or an uploaded picture as RGB."""
    image = image_of(picture)
    return image if image.mode == "RGB" else image.convert("RGB")


def preview(image: Image.Image) -> Encoded:
    """Return an unfinished picture, encoded quickly."""
    shown = _within(image.convert("RGB"), _PREVIEW)
    if shown.width * shown.height <= _SMALL:
        return Encoded("image/webp", _webp(shown, lossless=True, method=0))
    return Encoded("image/jpeg", jpeg(shown, _PREVIEW_QUALITY))


def full(picture: Picture, turn: Turn | None = None) -> Encoded:
    """Return the picture as a PNG; one that was generated with what `read_settings` reads.

    Parameters
    ----------
    picture
        The picture.
    turn
        The round that made it.
    """
    from fabric_widget.session.files.pictures import encode
    from fabric_widget.session.files.writing import png_of

    if isinstance(picture, Image.Image):
        return Encoded("image/png", encode(picture))
    return Encoded("image/png", png_of(picture, turn))


def file_name(picture: Picture, name: str = "") -> str:
    """Return a file name for a picture's PNG; `name` is that of an uploaded file."""
    if isinstance(picture, Image.Image):
        return f"{_slug(PurePath(name).stem) or 'picture'}.png"
    return f"{_slug(picture.prompt) or 'picture'}-{picture.seed}.png"


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return an RGB image as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def read_upload(data: bytes) -> Image.Image:
    """Return the picture of an uploaded file, decoded but not converted.

    Raises
    ------
    ValueError
        It is no picture, damaged, or too large.
    """
    if len(data) > _UPLOAD_BYTES:
        message = (
            f"the file has {len(data) / 2**20:.0f} MiB: add pictures of at most "
            f"{_UPLOAD_BYTES >> 20} MiB"
        )
        raise ValueError(message)
    Image.init()
    # Only formats that a browser or a camera makes: some of Pillow's others start other programs.
    formats = [name for name in _UPLOAD_FORMATS if name in Image.OPEN]
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        message = f"this is not a picture: add {', '.join(formats[:-1])} or {formats[-1]}"
        raise ValueError(message) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = "the picture has too many pixels: add one of at most 64 million"
        raise ValueError(message) from error
    except Exception as error:  # Pillow's readers raise what they like on damaged files
        message = f"the picture cannot be read: {error}"
        raise ValueError(message) from error
    return image


def _for_screen(image: Image.Image) -> Encoded:
    shown = _within(image, _SCREEN)
    if max(shown.size) < _ENLARGED:
        factor = -(-_ENLARGED // max(shown.size))
        shown = shown.resize(
            (factor * shown.width, factor * shown.height), Image.Resampling.LANCZOS
        )
    while True:
        for quality in _QUALITIES:
            data = _webp(shown, quality=quality, method=2)
            if len(data) <= _SCREEN_BYTES:
                return Encoded("image/webp", data)
        shown = _within(shown, max(shown.size) * 3 // 4)  # hardly ever: noise


def _for_shelf(image: Image.Image) -> Encoded:
    data = _webp(_within(image, _THUMB), quality=_THUMB_QUALITY, method=4)
    return Encoded("image/webp", data)


def _webp(image: Image.Image, **settings: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **settings)
    return buffer.getvalue()


def _within(image: Image.Image, side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text)[:_SLUG].strip("-_")

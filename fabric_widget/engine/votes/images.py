"""Read any picture that a person may give as an RGB image, or raise an error that says why not.

Transparency is composited on white, 16-bit pictures are scaled, of an animation the first frame is
taken, and the camera's orientation is applied.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import os
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import unquote_to_bytes

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.votes.arrays import (
    MOST_PIXELS,
    bytes_from_words,
    check_size,
    image_from_array,
)

if TYPE_CHECKING:
    import numpy.typing as npt

_BYTE = 255
_MOST_BYTES = 256 * 2**20
# What comes as bytes may come from anywhere: only formats that a browser or a camera makes, for
# some of Pillow's others start other programs.
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_DATA = "data:"
_WEB = ("http://", "https://", "ftp://")
_GIVE = (
    "give a generated image, a PIL image, a numpy array, a torch tensor, the path of a file, its "
    "bytes, a file object or a data URL"
)


def read_picture(source: object) -> Image.Image:
    """Return `source` as an RGB image.

    Parameters
    ----------
    source
            A PIL image; the path of a file, its bytes, an open binary file, or a data URL; a numpy
        array or a torch tensor: (height, width), (height, width, channels) or (channels, height,
        width) with 1, 3 or 4 channels, or a batch of one, of uint8, of uint16, of floats from 0 to
        1, or from -1 to 1.

    Raises
    ------
    BadReference
        It is nothing of the kind, cannot be read, is empty or has more than 64 million pixels.
    """
    if isinstance(source, (np.ndarray, torch.Tensor)):
        return _flat(image_from_array(source))
    if isinstance(source, Image.Image):
        return _flat(source)
    if isinstance(source, str) and source.lower().startswith(_WEB):
        message = f"{source[:80]!r} is on the web: download it first, and give the file"
        raise BadReference(message)
    if isinstance(source, str) and source.lower().startswith(_DATA):
        return _from_bytes(_data(source), "the data URL")
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return _from_file(path, repr(path))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(source), f"what {len(source)} bytes hold")
    if callable(getattr(source, "read", None)):
        return _from_bytes(_content(cast("BinaryIO", source)), "what the file object holds")
    message = f"cannot read a {type(source).__name__} as a picture: {_GIVE}"
    raise BadReference(message)


def _from_bytes(content: bytes, what: str) -> Image.Image:
    if len(content) > _MOST_BYTES:
        message = f"{what} is too large: give at most {_MOST_BYTES >> 20} MiB"
        raise BadReference(message)
    Image.init()
    return _from_file(io.BytesIO(content), what, [name for name in _FORMATS if name in Image.OPEN])


def _content(file: BinaryIO) -> bytes:
    """Return what is left in an open file."""
    try:
        content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError, TypeError) as error:
        message = f"the file object cannot be read ({error}): {_GIVE}"
        raise BadReference(message) from error
    if not isinstance(content, bytes):
        message = f"the file object gives {type(content).__name__}: open the file as 'rb'"
        raise BadReference(message)
    return content


def _data(url: str) -> bytes:
    """Return what is in a data URL."""
    head, _, body = url[len(_DATA) :].partition(",")
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        message = f"the data URL cannot be read ({error}): give data:image/png;base64,…"
        raise BadReference(message) from error


def _from_file(
    file: str | bytes | BinaryIO, what: str, formats: list[str] | None = None
) -> Image.Image:
    try:
        with Image.open(file, formats=formats) as image:
            return _flat(image)
    except FileNotFoundError as error:
        message = f"there is no file {what}: give the path of a picture"
        raise BadReference(message) from error
    except UnidentifiedImageError as error:
        known = "that Pillow knows" if formats is None else f"of {', '.join(formats)}"
        message = f"{what} is not a picture in any format {known}"
        raise BadReference(message) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"{what} is too large ({error}): give a picture of at most {MOST_PIXELS} pixels"
        raise BadReference(message) from error
    except BadReference:
        raise
    except Exception as error:  # Pillow's decoders raise what they like
        message = f"{what} cannot be read as a picture: {error}"
        raise BadReference(message) from error


def _flat(image: Image.Image) -> Image.Image:
    """Return the first frame as RGB."""
    check_size(*image.size)
    position = image.tell()
    try:
        image.seek(0)
        frame = ImageOps.exif_transpose(image)  # a copy
    finally:
        image.seek(position)
    if frame.mode.startswith("I;16") or frame.mode == "I":
        frame = Image.fromarray(bytes_from_words(np.asarray(frame)))
    elif frame.mode == "F":
        frame = image_from_array(_unit_floats(np.asarray(frame)))
    if not frame.has_transparency_data:
        return frame.convert("RGB")
    layered = frame.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _unit_floats(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a floating-point picture with values 0 to 1; values 0 to 255 are accepted too."""
    return array / _BYTE if array.size and array.max() > 1 else array


def fitted(image: Image.Image, area: int, multiple: int) -> Image.Image:
    """Return `image` resized to about `area` pixels, with sides in multiples of `multiple`.

    What rounding to multiples takes from the aspect ratio is cut off at the edges, never stretched.
    """
    zoom = math.sqrt(area / (image.width * image.height))
    width, height = (
        max(1, round(side * zoom / multiple)) * multiple for side in (image.width, image.height)
    )
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)

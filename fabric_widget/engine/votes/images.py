"""Read any picture that a person may give as an RGB image, or raise an error that says why not.

Transparency is composited on white, 16-bit pictures are scaled, of an animation the first frame is
taken, and the camera's orientation is applied.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fabric_widget.engine.errors import BadReference

if TYPE_CHECKING:
    import numpy.typing as npt

_MAX_PIXELS = 64_000_000  # 8000 by 8000: more than any camera's picture that is meant as one
_GREY_DIMENSIONS = 2
_COLOUR_DIMENSIONS = 3
_CHANNELS = (1, 3, 4)
_BYTE = 255
_WORD = 65_535


def read_picture(source: object) -> Image.Image:
    """Return `source` as an RGB image.

    Parameters
    ----------
    source
        A PIL image, a path, or a numpy array: (height, width) or (height, width, 1, 3 or 4), of
        uint8, of uint16, or of floats from 0 to 1.

    Raises
    ------
    BadReference
        It is nothing of the kind, cannot be read, is empty or has more than 64 million pixels.
    """
    if isinstance(source, np.ndarray):
        return _flat(_from_array(source))
    if isinstance(source, Image.Image):
        return _flat(source)
    if isinstance(source, (str, os.PathLike)):
        return _from_file(os.fspath(source))
    message = (
        f"cannot read a {type(source).__name__} as a picture: give a generated image, a PIL image, "
        "a numpy array or the path of a file"
    )
    raise BadReference(message)


def _from_file(path: str) -> Image.Image:
    try:
        with Image.open(path) as image:
            return _flat(image)
    except FileNotFoundError as error:
        message = f"there is no file {path!r}: give the path of a picture"
        raise BadReference(message) from error
    except UnidentifiedImageError as error:
        message = f"{path!r} is not a picture in any format that Pillow knows"
        raise BadReference(message) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"{path!r} is too large ({error}): give a picture of at most {_MAX_PIXELS} pixels"
        raise BadReference(message) from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's decoders raise all three
        if isinstance(error, BadReference):
            raise
        message = f"{path!r} cannot be read as a picture: {error}"
        raise BadReference(message) from error


def _from_array(array: npt.NDArray[Any]) -> Image.Image:
    given = f"a numpy array of shape {array.shape} and type {array.dtype}"
    wanted = "give (height, width, 3) of uint8 or of floats from 0 to 1"
    colour = array.ndim == _COLOUR_DIMENSIONS and array.shape[-1] in _CHANNELS
    if not (colour or array.ndim == _GREY_DIMENSIONS):
        message = f"{given} is not a picture: {wanted}"
        raise BadReference(message)
    _check_size(array.shape[1], array.shape[0])
    if np.issubdtype(array.dtype, np.floating):
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            message = f"{given} has values that are not from 0 to 1: {wanted}"
            raise BadReference(message)
        array = (array * _BYTE).round().astype(np.uint8)
    elif array.dtype == np.uint16:
        array = _bytes_from_words(array)
    elif array.dtype != np.uint8:
        message = f"{given} is not a picture: {wanted}"
        raise BadReference(message)
    if colour and array.shape[-1] == 1:
        array = array[..., 0]
    return Image.fromarray(np.ascontiguousarray(array))


def _flat(image: Image.Image) -> Image.Image:
    """Return the first frame as RGB."""
    _check_size(*image.size)
    position = image.tell()
    try:
        image.seek(0)
        frame = ImageOps.exif_transpose(image)  # a copy
    finally:
        image.seek(position)
    if frame.mode.startswith("I;16") or frame.mode == "I":
        frame = Image.fromarray(_bytes_from_words(np.asarray(frame)))
    elif frame.mode == "F":
        frame = _from_array(_unit_floats(np.asarray(frame)))
    if not frame.has_transparency_data:
        return frame.convert("RGB")
    layered = frame.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _bytes_from_words(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    scaled: npt.NDArray[np.float64] = np.clip(array, 0, _WORD) / (_WORD / _BYTE)
    return scaled.round().astype(np.uint8)


def _unit_floats(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a floating-point picture with values 0 to 1; values 0 to 255 are accepted too."""
    return array / _BYTE if array.size and array.max() > 1 else array


def _check_size(width: int, height: int) -> None:
    if width == 0 or height == 0:
        message = f"the picture is empty ({width} by {height} pixels)"
        raise BadReference(message)
    if width * height > _MAX_PIXELS:
        message = (
            f"the picture is too large ({width} by {height} pixels): give one of at most "
            f"{_MAX_PIXELS} pixels"
        )
        raise BadReference(message)


def fitted(image: Image.Image, area: int, multiple: int) -> Image.Image:
    """Return `image` resized to about `area` pixels, with sides in multiples of `multiple`.

    What rounding to multiples takes from the aspect ratio is cut off at the edges, never stretched.
    """
    zoom = math.sqrt(area / (image.width * image.height))
    width, height = (
        max(1, round(side * zoom / multiple)) * multiple for side in (image.width, image.height)
    )
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)

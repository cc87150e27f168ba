"""Arrays of numbers as pictures: numpy and torch, channels first or last, two ranges of floats.

What could be read in two ways is refused in words instead of guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine.errors import BadReference

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_PIXELS = 64_000_000  # 8000 by 8000: more than any camera's picture that is meant as one
_GREY, _COLOR, _BATCH = 2, 3, 4  # dimensions
_CHANNELS = (1, 3, 4)
_BYTE = 255
_WORD = 65_535
_OVERSHOOT = 0.05  # below 0, floats from 0 to 1 may have that from resizing, or be from -1 to 1
_WANTED = "give (height, width, 3) of uint8, or of floats from 0 to 1 or from -1 to 1"


def image_from_array(given: npt.NDArray[Any] | torch.Tensor) -> Image.Image:
    """Return the picture of an array.

    Parameters
    ----------
    given
        (height, width), (height, width, channels) or (channels, height, width), with 1, 3 or 4
        channels, or a batch of one of these; of uint8, uint16, of floats from 0 to 1, or from -1 to
        1 as models have them.

    Raises
    ------
    BadReference
        It is nothing of the kind, or could be read in two ways.
    """
    if isinstance(given, torch.Tensor):
        tensor = given.detach().cpu()
        array = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
        what = f"a torch tensor of shape {tuple(given.shape)} and type {given.dtype}"
    else:
        array = given
        what = f"a numpy array of shape {array.shape} and type {array.dtype}"
    array = _channels_last(array, what, sure=array is given)
    check_size(array.shape[1], array.shape[0])
    if np.issubdtype(array.dtype, np.floating):
        array = (_unit(array, what) * _BYTE).round().astype(np.uint8)
    elif array.dtype == np.uint16:
        array = bytes_from_words(array)
    elif array.dtype != np.uint8:
        message = f"{what} is not a picture: {_WANTED}"
        raise BadReference(message)
    if array.ndim == _COLOR and array.shape[-1] == 1:
        array = array[..., 0]
    return Image.fromarray(np.ascontiguousarray(array))


def bytes_from_words(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return a picture of 16 bits as one of 8."""
    scaled: npt.NDArray[np.float64] = np.clip(array, 0, _WORD) / (_WORD / _BYTE)
    return scaled.round().astype(np.uint8)


def check_size(width: int, height: int) -> None:
    """Raise a `BadReference` for a picture that is empty or too large."""
    if width == 0 or height == 0:
        message = f"the picture is empty ({width} by {height} pixels)"
        raise BadReference(message)
    if width * height > MOST_PIXELS:
        message = (
            f"the picture is too large ({width} by {height} pixels): give one of at most "
            f"{MOST_PIXELS} pixels"
        )
        raise BadReference(message)


def _channels_last(array: npt.NDArray[Any], what: str, *, sure: bool) -> npt.NDArray[Any]:
    """Return (height, width) or (height, width, channels).

    Numpy's pictures have their channels last where that can be; tensors are not sure to.
    """
    if array.ndim == _BATCH:
        if len(array) != 1:
            message = f"{what} is a batch of {len(array)}: give one of them, pictures[0]"
            raise BadReference(message)
        array = array[0]
    if array.ndim == _GREY:
        return array
    if array.ndim != _COLOR:
        message = f"{what} is not a picture: {_WANTED}"
        raise BadReference(message)
    first, last = array.shape[0] in _CHANNELS, array.shape[-1] in _CHANNELS
    if first and last and not sure:
        message = (
            f"{what} could have its channels first or last: give a PIL image, or one with more "
            "pixels to a side"
        )
        raise BadReference(message)
    if last:
        return array
    if first:
        return array.transpose(1, 2, 0)
    message = f"{what} is not a picture: {_WANTED}"
    raise BadReference(message)


def _unit(array: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """Return floats from 0 to 1."""
    low, high = (float(array.min()), float(array.max())) if np.isfinite(array).all() else (1, -1)
    if low > high:
        message = f"{what} has values that are not finite numbers: {_WANTED}"
        raise BadReference(message)
    if low >= 0 and high <= 1:
        return array
    if -1 <= low < -_OVERSHOOT and high <= 1:
        return (array + 1) / 2
    message = (
        f"{what} has values from {low:.3g} to {high:.3g}, which are not from 0 to 1, nor from -1 "
        "to 1: clip them, or divide by 255 what counts from 0 to 255"
    )
    raise BadReference(message)

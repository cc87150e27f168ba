"""Parts: which part of a picture counts, as a mask over it."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

SUBJECT = "subject"
BACKGROUND = "background"
PARTS = (SUBJECT, BACKGROUND)
_CORNERS = 4
_MASK_DIMENSIONS = 2
_BYTE = 255
MOST_CELLS = 128  # masks are kept at this many rows and columns at most
_GIVE = (
    "give 'subject', 'background', a box (left, top, right, bottom) in the picture's pixels, or a "
    "mask: an 'L' image or an array (height, width), above 0 where the part is"
)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a picture.

    Parameters
    ----------
    name
        "subject" or "background", whose mask the model's own attention gives; or a digest of
        the mask.
    mask
        (rows, columns), 0 … 1 in steps of 1/255, over the whole picture; None for a named part.
    """

    name: str
    mask: torch.Tensor | None = None

    def over(self, rows: int, columns: int) -> torch.Tensor:
        """Return how much of each cell of a grid belongs to the part, (rows, columns), 0 … 1."""
        if self.mask is None:
            message = f"the part {self.name!r} has no mask yet"
            raise ValueError(message)
        return functional.adaptive_avg_pool2d(self.mask[None], (rows, columns))[0]


def read_part(given: object, size: tuple[int, int]) -> Part | None:
    """Return a part of a picture; None if it is the whole picture.

    Parameters
    ----------
    given
        None, "subject", "background", a box (left, top, right, bottom) in pixels, or a mask: an
        image or an array (height, width), above 0 where the part is. A mask is stretched over the
        picture.
    size
        Width and height of the picture in pixels.

    Raises
    ------
    BadReference
        It is something else, lies outside the picture, or is empty.
    """
    if given is None:
        return None
    if isinstance(given, Part):
        return given
    if isinstance(given, str):
        if given not in PARTS:
            message = f"the part is {given!r}: {_GIVE}"
            raise BadReference(message)
        return Part(given)
    mask = _box(given, size) if isinstance(given, (tuple, list)) else _mask(given)
    if not bool((mask > 0).any()):
        message = "the part is empty: leave it out, or mark some of the picture"
        raise BadReference(message)
    if bool((mask >= 1).all()):
        return None
    cells = (min(mask.shape[0], MOST_CELLS), min(mask.shape[1], MOST_CELLS))
    mask = functional.adaptive_avg_pool2d(mask[None], cells)[0]
    mask = (mask * _BYTE).round() / _BYTE  # what a file can hold
    return Part(digest("mask", mask), mask)


def _box(given: Sequence[Any], size: tuple[int, int]) -> torch.Tensor:
    numbers = [x for x in given if isinstance(x, Real) and not isinstance(x, bool)]
    if len(numbers) != _CORNERS or len(given) != _CORNERS:
        message = f"the part is {given!r}: {_GIVE}"
        raise BadReference(message)
    width, height = size
    left, top, right, bottom = (float(x) for x in numbers)
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        message = (
            f"the box {tuple(given)} does not lie in the picture: give 0 <= left < right <= "
            f"{width} and 0 <= top < bottom <= {height}"
        )
        raise BadReference(message)
    return torch.outer(_covered(top, bottom, height), _covered(left, right, width))


def _covered(start: float, stop: float, count: int) -> torch.Tensor:
    """Return how much of each pixel of a side lies between two positions."""
    edges = torch.arange(count + 1, dtype=torch.float64).clamp(start, stop)
    return edges.diff().float()


def _mask(given: object) -> torch.Tensor:
    array = np.asarray(given.convert("L") if isinstance(given, Image.Image) else given)
    numeric = array.dtype.kind in "buif"
    if not numeric or array.ndim != _MASK_DIMENSIONS or not array.size:
        message = f"the part is a {type(given).__name__}: {_GIVE}"
        raise BadReference(message)
    if not np.isfinite(array.astype(np.float64)).all():
        message = "the part has values that are not finite numbers: give a mask of 0 and 1"
        raise BadReference(message)
    return torch.from_numpy((array > 0).astype(np.float32))

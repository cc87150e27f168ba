"""Serialize influence: facts, maps of shares, and maps of looks.

Shares are whole numbers of 1/65535 in two bytes, so a text made of them is right to 0.001 %. Where
a place looked is one byte per cell of the reference, relative to the cell that it looked at most;
how much that was in all, the shares say.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fabric_widget.widget.state import serialize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from fabric_widget.engine import Influence
    from fabric_widget.widget.jobs.lens_jobs import LensResult

_WHOLE = 65_535
_PEAK = 255


def told(seen: LensResult) -> tuple[dict[str, Any], list[bytes]]:
    """Return the facts about a picture's influence, and its maps of shares as bytes.

    Returns
    -------
    fields
        References, parts (first and last step, from 1), levels and sides, as in `types.js`.
    buffers
        For all levels together and then for each level, in each of these for all parts together and
        then for each part: a map for each side (what stayed with the picture's own keys), then one
        for each reference. A map is rows × columns of two bytes, the lesser one first.
    """
    influence = seen.influence
    references = [
        {
            "id": serialize.name_of(reference.id),
            "strength": reference.strength,
            "contribution": float(influence.contributions.get(reference.id, 0.0)),
        }
        for reference in influence.references
    ]
    levels = [
        {
            "rows": level.rows,
            "columns": level.columns,
            "places": [*_grid(level.tokens, level.rows, level.columns)],
        }
        for level in influence.levels
    ]
    sides = _sides(influence)
    fields = {
        "steps": seen.steps,
        "references": references,
        "parts": [[part.start + 1, part.stop] for part in influence.parts],
        "levels": levels,
        "sides": ["liked" if liked else "disliked" for liked in sides],
    }
    buffers = []
    for level, part in _selections(influence):
        own = [influence.own(liked=liked, level=level, part=part) for liked in sides]
        shares = influence.shares(level=level, part=part)
        buffers.append(b"".join(_shares(one) for one in [*own, *shares]))
    return fields, buffers


def looks(
    influence: Influence, reference: int, level: int | None, part: int | None
) -> tuple[dict[str, Any], bytes]:
    """Return where in a reference each place attended, as bytes.

    Returns
    -------
    fields
        Rows and columns of the reference's cells.
    data
        A byte for each cell of the reference, row by row, for each place, row by row; 255 is where
        that place looked most.

    Raises
    ------
    ValueError
        There is no such reference, level or part, or it was not recorded.
    """
    for what, index, count in (
        ("reference", reference, len(influence.references)),
        ("level", level, len(influence.levels)),
        ("part", part, len(influence.parts)),
    ):
        if index is not None and not 0 <= index < count:
            message = f"{what} {index} is not there: give a number from 0 to {count - 1}"
            raise ValueError(message)
    where = (
        _over_levels(influence, reference, part)
        if level is None
        else _array(influence.looks(reference, level=level, part=part))
    )
    peak = where.max(axis=(2, 3), keepdims=True)
    relative = np.divide(where, peak, out=np.zeros_like(where), where=peak > 0)
    fields = {"rows": where.shape[2], "columns": where.shape[3]}
    return fields, np.rint(relative * _PEAK).astype(np.uint8).tobytes()


def _over_levels(influence: Influence, reference: int, part: int | None) -> np.ndarray:
    """Return the mean over all levels, weighted by sites, at the finest resolution."""
    levels = range(len(influence.levels))
    of_each = [_array(influence.looks(reference, level=n, part=part)) for n in levels]
    shape = np.max([one.shape for one in of_each], axis=0)
    total = np.zeros(shape, np.float32)
    for level, one in zip(influence.levels, of_each, strict=True):
        fine = one
        for axis, size in enumerate(shape):
            fine = _repeated(fine, axis, size, spread=axis >= len(shape) // 2)
        total += fine * level.sites
    mean: np.ndarray = total / sum(level.sites for level in influence.levels)
    return mean


def _repeated(array: np.ndarray, axis: int, size: int, *, spread: bool) -> np.ndarray:
    """Repeat values along an axis up to a size; `spread` keeps sums along it."""
    source = np.arange(size) * array.shape[axis] // size
    times = np.bincount(source, minlength=array.shape[axis])[source] if spread else np.ones(size)
    shape = [-1 if at == axis else 1 for at in range(array.ndim)]
    repeated: np.ndarray = array.take(source, axis=axis) / times.reshape(shape).astype(array.dtype)
    return repeated


def _selections(influence: Influence) -> Iterator[tuple[int | None, int | None]]:
    for level in (None, *range(len(influence.levels))):
        for part in (None, *range(len(influence.parts))):
            yield level, part


def _sides(influence: Influence) -> list[bool]:
    """Return whether likes and whether dislikes were lent: True for likes."""
    strengths = [reference.strength for reference in influence.references]
    return [True] * any(value > 0 for value in strengths) + [False] * any(
        value < 0 for value in strengths
    )


def _grid(tokens: int, rows: int, columns: int) -> tuple[int, int]:
    """Return the rows and columns of the layer itself."""
    down = max(1, round(math.sqrt(tokens * rows / columns)))
    return down, max(1, round(tokens / down))


def _shares(share: Tensor) -> bytes:
    whole = np.rint(_array(share).clip(0, 1) * _WHOLE)
    data: bytes = whole.astype("<u2").tobytes()
    return data


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().float().cpu().numpy()
    return array

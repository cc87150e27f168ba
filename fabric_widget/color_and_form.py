"""How far apart pictures are in color, wherever it is, and in form, whatever its color."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    Array = npt.NDArray[np.float64]

_ENOUGH = 128  # pixels on a side; larger pictures are reduced
_DIRECTIONS, _QUANTILES, _GRID = 16, 128, 8
_SRGB_LINEAR_BELOW = 0.04045
_LAB_CUBE_ABOVE = (6 / 29) ** 3


@dataclass(frozen=True)
class Look:
    """What distances of a picture are measured with.

    Parameters
    ----------
    palette
        Quantiles of its pixels along directions of CIE L*a*b*, (128, 16).
    edges
        How strong its edges are in each cell of a grid, and in which direction they run, (rows,
        columns, 3); the strengths add up to 1, or all are 0 in a picture without edges.
    """

    palette: Array
    edges: Array

    def distances(self, other: Look) -> tuple[float, float]:
        """Return the distances in color and in form to another picture.

        Color: the sliced Wasserstein distance between the distributions of the pixels in CIE
        L*a*b* (Bonneel et al. 2015), in units of that space. Form: half the sum of the absolute
        differences of the edges, from 0.
        """
        color = np.abs(self.palette - other.palette).mean()
        return float(color), float(np.abs(self.edges - other.edges).sum() / 2)


def look_of(picture: Image.Image) -> Look:
    """Return what distances of a picture are measured with."""
    small = picture.convert("RGB").reduce(max(1, min(picture.size) // _ENOUGH))
    pixels = cielab(np.asarray(small, dtype=np.float64) / 255)
    levels = np.linspace(0, 1, _QUANTILES)
    palette = np.quantile(pixels.reshape(-1, 3) @ _directions().T, levels, axis=0)
    return Look(palette, _edges(pixels[..., 0]))


def cielab(srgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return CIE L*a*b* of sRGB colours, (..., 3) from 0 to 1 (IEC 61966-2-1, CIE 15)."""
    linear = np.where(srgb <= _SRGB_LINEAR_BELOW, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    relative = linear @ to_xyz.T / to_xyz.sum(axis=1)  # to white
    f = np.where(
        relative > _LAB_CUBE_ABOVE, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29
    )
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _directions() -> Array:
    """Return unit vectors, (16, 3), evenly spread over half a sphere (a Fibonacci lattice)."""
    i = np.arange(_DIRECTIONS)
    height = (i + 0.5) / _DIRECTIONS
    angle = np.pi * (3 - np.sqrt(5)) * i
    radius = np.sqrt(1 - height**2)
    return np.stack([height, radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _edges(lightness: Array) -> Array:
    """Return the structure tensor of a picture, pooled, each gradient by its length.

    Of the tensor its trace and its two components of direction are taken; divided by the sum of
    the lengths, so that contrast does not count.
    """
    down, across = np.gradient(lightness)
    length = np.hypot(across, down)
    safe = np.where(length > 0, length, 1)
    tensor = np.stack(
        [length, (across**2 - down**2) / safe, 2 * across * down / safe],
        axis=-1,
    )
    for axis in (0, 1):
        side = tensor.shape[axis]
        starts = np.arange(min(_GRID, side)) * side // min(_GRID, side)
        tensor = np.add.reduceat(tensor, starts, axis=axis)
    edges: Array = tensor / max(length.sum(), np.finfo(np.float64).tiny)
    return edges

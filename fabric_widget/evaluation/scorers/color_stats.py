"""Colour and luminance of pictures, measured without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.engine.votes.images import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from PIL import Image

COLOURS = 5
"""Levels of red, green and blue in a palette."""
LUMINANCES = 17
"""Levels of luminance."""
_BYTE = 255
_AT_ONCE = 65_536  # pixels: a hundred numbers for each
_LUMA = (0.2126, 0.7152, 0.0722)  # of red, green and blue (ITU-R BT.709)


@dataclass(frozen=True, kw_only=True)
class Colour:
    """Sees which colours a picture has, and how much of each, wherever they are."""

    name: str

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the roots of each picture's palette: (n, 125), of unit length.

        The palette is a histogram over a grid of 5 × 5 × 5 colours of sRGB, in which a pixel counts
        for the colours around it by how near they are, so that a small shift of a colour is a small
        change. The inner product of two rows is the Bhattacharyya coefficient of the palettes.
        """
        nearness = _hats(np.arange(_BYTE + 1) / _BYTE, COLOURS)
        rows = np.empty((len(pictures), COLOURS**3))
        for row, picture in zip(rows, pictures, strict=True):
            pixels = _pixels(picture)
            row[:] = sum(
                _shared_out(nearness, pixels[:, start : start + _AT_ONCE])
                for start in range(0, pixels.shape[1], _AT_ONCE)
            )
        palettes: npt.NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
        return np.sqrt(palettes)


@dataclass(frozen=True, kw_only=True)
class Luminance:
    """Sees how much light a picture has, and likes it bright, whatever the prompt says.

    A person with the plainest of tastes: with one, a protocol can be tried on any pipeline before
    any weights are at hand.
    """

    name: str

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:  # noqa: ARG002 - it does not read
        """Return the mean luma (BT.709, of sRGB values as they are): (n,), 0 (black) … 1."""
        return np.array([_luma(picture).mean() for picture in pictures], dtype=np.float64)

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the roots of the histogram of luma over 17 levels: (n, 17), of unit length.

        A pixel counts for the two levels around it; the inner product of two rows is the
        Bhattacharyya coefficient of the histograms.
        """
        rows = [_hats(_luma(picture), LUMINANCES).mean(axis=0) for picture in pictures]
        return np.sqrt(np.reshape(rows, (-1, LUMINANCES)))


def load(name: str, *, weights: str | Path | None, device: str) -> Colour | Luminance:
    """Return colour or luminance, which run on the CPU whatever the device; see `load_scorer`.

    Raises
    ------
    ValueError
        Weights are given.
    """
    del device
    if weights is not None:
        message = f"{name} takes no weights, not even {weights}: leave them out"
        raise ValueError(message)
    return Colour(name=name) if name == "colour" else Luminance(name=name)


def _pixels(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """Return red, green and blue of all pixels: (3, n)."""
    return np.asarray(read_picture(picture)).reshape(-1, 3).T


def _shared_out(
    nearness: npt.NDArray[np.float64], pixels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    """Return how many of the pixels (3, n) count for each colour of the palette: (125,)."""
    red, green, blue = (nearness[channel] for channel in pixels)
    red_green = (red[:, :, None] * green[:, None, :]).reshape(len(red), -1)
    counts: npt.NDArray[np.float64] = (red_green.T @ blue).reshape(-1)
    return counts


def _luma(picture: Image.Image) -> npt.NDArray[np.float64]:
    """Return the luma of all pixels, (n,) from 0 to 1."""
    luma: npt.NDArray[np.float64] = np.array(_LUMA) @ _pixels(picture) / _BYTE
    return luma


def _hats(values: npt.NDArray[np.float64], levels: int) -> npt.NDArray[np.float64]:
    """Share each value, 0 … 1, out among the two levels around it: (n, levels), rows add to 1."""
    positions = values[:, None] * (levels - 1) - np.arange(levels)
    shares: npt.NDArray[np.float64] = np.clip(1 - np.abs(positions), 0, 1)
    return shares

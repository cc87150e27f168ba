"""Measures of a round that do not depend on the taste: diversity, saturation, contrast, colour."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.color_and_form import cielab

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL import Image

    from fabric_widget.demo.reader import Reading

_ENOUGH = 128  # pixels on a side; larger pictures are reduced before averaging


def diversity(readings: Sequence[Reading]) -> float:
    """Return how much the pictures of a round differ, 0 (all alike) … 1.

    The mean, over pairs of pictures and over attributes, of the total variation distance between
    the reader's probabilities: where the reader is sure, the share of attributes in which two
    pictures differ. Unlike a distance between pixels it ignores where the subject stands.
    """
    pairs = list(combinations(readings, 2))
    if not pairs:
        return 0.0
    return float(np.mean([_total_variation(a, b) for a, b in pairs]))


def _total_variation(a: Reading, b: Reading) -> float:
    """Return the total variation distance between two readings, averaged over attributes."""
    total = 0.0
    for name, probabilities in a.probabilities.items():
        other = b.probabilities[name]
        total += sum(abs(p - other[value]) for value, p in probabilities.items()) / 2
    return total / len(a.probabilities)


def saturation(images: Sequence[Image.Image]) -> float:
    """Return the mean saturation (the S of HSV) over all pixels, 0 … 1."""
    return float(np.mean([np.asarray(i.convert("HSV"))[..., 1].mean() / 255 for i in images]))


def contrast(images: Sequence[Image.Image]) -> float:
    """Return the standard deviation of a picture's luma, 0 … 0.5, averaged over pictures."""
    return float(np.mean([np.asarray(i.convert("L")).std() / 255 for i in images]))


def mean_color(images: Sequence[Image.Image]) -> tuple[float, float, float]:
    """Return the mean colour over all pixels as CIE L*a*b* (L* from 0 to 100)."""
    means = [cielab(_small(image) / 255).mean(axis=(0, 1)) for image in images]
    lightness, a, b = np.mean(means, axis=0).tolist()
    return lightness, a, b


def _small(image: Image.Image) -> npt.NDArray[np.float64]:
    """Return a picture's pixels, averaged over small squares if it is large."""
    factor = max(1, min(image.size) // _ENOUGH)
    return np.asarray(image.convert("RGB").reduce(factor), dtype=np.float64)

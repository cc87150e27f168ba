"""What can be said of a round without knowing the taste: diversity, saturation, contrast."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from fabric_widget.demo.reader import Reading


def diversity(readings: Sequence[Reading]) -> float:
    """Return how much the pictures of a round differ, 0 (all alike) … 1.

    The mean, over pairs of pictures and over attributes, of the total variation distance between
    the reader's probabilities: where the reader is sure, the share of attributes in which two
    pictures differ. Unlike a distance between pixels it does not count a subject that stands a
    little to the left.
    """
    pairs = list(combinations(readings, 2))
    if not pairs:
        return 0.0
    return float(np.mean([_apart(a, b) for a, b in pairs]))


def _apart(a: Reading, b: Reading) -> float:
    """Return the total variation distance between two readings, meaned over attributes."""
    total = 0.0
    for name, probabilities in a.probabilities.items():
        other = b.probabilities[name]
        total += sum(abs(p - other[value]) for value, p in probabilities.items()) / 2
    return total / len(a.probabilities)


def saturation(images: Sequence[Image.Image]) -> float:
    """Return the mean saturation (the S of HSV) over all pixels, 0 … 1."""
    return float(np.mean([np.asarray(i.convert("HSV"))[..., 1].mean() / 255 for i in images]))


def contrast(images: Sequence[Image.Image]) -> float:
    """Return the standard deviation of the luma within a picture, 0 … 0.5, meaned over pictures."""
    return float(np.mean([np.asarray(i.convert("L")).std() / 255 for i in images]))

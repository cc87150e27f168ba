"""Colours derived from a colour: jittered, darker or lighter, for mouths and for horns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

RGB = tuple[int, int, int]

DARK = 160
"""A colour whose channels add up to less is drawn on with light ink."""


def jitter(color: RGB, rng: random.Random, amount: float = 12) -> RGB:
    """Return the colour with every channel moved at random by at most `amount`."""
    red, green, blue = (max(0, min(255, round(c + rng.uniform(-amount, amount)))) for c in color)
    return red, green, blue


def shade(color: RGB, factor: float) -> RGB:
    """Return the colour with every channel multiplied by `factor`."""
    red, green, blue = (max(0, min(255, round(c * factor))) for c in color)
    return red, green, blue


def ink_color(color: RGB) -> RGB:
    """Return the colour of a mouth on a body of this colour."""
    return (22, 22, 26) if sum(color) > DARK else (238, 238, 238)


def trim_color(color: RGB) -> RGB:
    """Return the colour of horns, fins and antennae: the body's made darker; black made lighter."""
    return shade(color, 0.62) if sum(color) > DARK else (104, 104, 112)

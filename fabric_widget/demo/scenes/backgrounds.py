"""Backgrounds: one colour, plain or with a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.demo.scenes.brush import CANVAS
from fabric_widget.demo.scenes.colors import DARK, shade

if TYPE_CHECKING:
    import random

    from fabric_widget.demo.scenes.brush import Brush
    from fabric_widget.demo.scenes.colors import RGB


def draw_background(brush: Brush, pattern: str, color: RGB, rng: random.Random) -> None:
    """Fill the canvas with a pattern of a colour and a darker or lighter one."""
    second = shade(color, 0.8) if sum(color) > DARK else shade(color, 1.7)
    brush.box(CANVAS / 2, CANVAS / 2, CANVAS, CANVAS, color)
    if pattern == "gradient":
        _gradient(brush, color)
    elif pattern != "plain":
        {"striped": _stripes, "dotted": _dots, "checkered": _checks}[pattern](brush, second, rng)


def _stripes(brush: Brush, color: RGB, rng: random.Random) -> None:
    width, slant = rng.randint(28, 40), CANVAS / 2
    for x in range(-CANVAS, 2 * CANVAS, 2 * width):
        top, bottom = (
            [(x, 0.0), (x + width, 0.0)],
            [(x + width - slant, CANVAS), (x - slant, CANVAS)],
        )
        brush.polygon([*top, *bottom], color)


def _dots(brush: Brush, color: RGB, rng: random.Random) -> None:
    pitch = rng.randint(46, 60)
    for row in range(CANVAS // pitch + 2):
        for x in range(0 if row % 2 else pitch // 2, CANVAS + pitch, pitch):
            brush.dot(x, row * pitch, pitch * 0.27, color)


def _checks(brush: Brush, color: RGB, rng: random.Random) -> None:
    tile = rng.choice([36, 46])
    for row in range(CANVAS // tile + 1):
        for column in range(row % 2, CANVAS // tile + 1, 2):
            x, y = (column + 0.5) * tile, (row + 0.5) * tile
            brush.box(x, y, tile / 2, tile / 2, color)


def _gradient(brush: Brush, color: RGB) -> None:
    low = shade(color, 0.5) if sum(color) > DARK else shade(color, 2.4)
    for y in range(CANVAS):
        mix = y / CANVAS
        red, green, blue = (round(a * (1 - mix) + b * mix) for a, b in zip(color, low, strict=True))
        brush.box(CANVAS / 2, y + 0.5, CANVAS, 0.5, (red, green, blue))

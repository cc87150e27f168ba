"""Creatures: a monster, a flower or a fish, with its shape, eyes, mouth and accessory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fabric_widget.demo.scenes.brush import CANVAS
from fabric_widget.demo.scenes.colors import ink_color, trim_color
from fabric_widget.demo.scenes.scene import ATTRIBUTES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from fabric_widget.demo.scenes.brush import Brush, Point
    from fabric_widget.demo.scenes.colors import RGB
    from fabric_widget.demo.scenes.scene import Scene


def _accessory(brush: Brush, kind: str, x: float, y: float, r: float, color: RGB) -> None:
    """Put an accessory on a head whose crown is at (x, y) and whose half-width is r."""
    trim = trim_color(color)
    if kind == "horned":
        for s in (-1, 1):
            base = (x + s * r * 0.85, y + r * 0.42), (x + s * r * 0.25, y + r * 0.12)
            brush.polygon([*base, (x + s * r * 0.95, y - r * 0.5)], trim)
    elif kind == "antennaed":
        for s in (-1, 1):
            tip = (x + s * r * 0.55, y - r * 0.5)
            brush.line([(x + s * r * 0.22, y + r * 0.15), tip], 9, trim)
            brush.dot(*tip, 13, trim)
    elif kind == "crowned":
        gold, low, top, half = (255, 206, 60), y + r * 0.2, y - r * 0.45, r * 0.55
        peaks = [(x - half, top), (x - half / 2, y - r * 0.1), (x, top - r * 0.1)]
        peaks += [(2 * x - px, py) for px, py in reversed(peaks[:2])]
        brush.polygon([(x - half, low), *peaks, (x + half, low)], gold)
        brush.line([(x - half, low), (x + half, low)], 9, (196, 132, 24))


def _mouth(brush: Brush, mood: str, x: float, y: float, r: float, ink: RGB) -> None:
    width = max(8.0, r * 0.13)
    if mood == "happy":
        brush.arc((x - r * 0.45, y - r * 0.38, x + r * 0.45, y + r * 0.24), (8, 172), width, ink)
    elif mood == "sad":
        brush.arc((x - r * 0.42, y - r * 0.04, x + r * 0.42, y + r * 0.55), (190, 350), width, ink)
    else:
        brush.oval(x, y + r * 0.08, r * 0.17, r * 0.22, ink)


def _eye(brush: Brush, x: float, y: float, r: float) -> None:
    brush.dot(x, y, r, (255, 255, 255))
    brush.dot(x, y, r * 0.55, (20, 20, 24))


def _monster(brush: Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = CANVAS / 2 + rng.uniform(-12, 12), CANVAS / 2 + 16 + rng.uniform(-8, 8)
    r = (60 if scene.size == "small" else 84) * rng.uniform(0.95, 1.05)
    top = {"round": 1.0, "square": 0.9, "triangular": 1.0, "spiky": 0.95}[scene.shape]
    narrow = 0.6 if scene.shape == "triangular" else 0.85
    _accessory(brush, scene.accessory, x, y - r * top, r * narrow, color)
    if scene.shape == "round":
        brush.dot(x, y, r, color)
    elif scene.shape == "square":
        brush.box(x, y, r * 0.92, r * 0.92, color, radius=r * 0.18)
    elif scene.shape == "triangular":
        brush.polygon(
            [(x, y - r * 1.15), (x - r * 1.12, y + r * 0.9), (x + r * 1.12, y + r * 0.9)], color
        )
    else:
        brush.polygon(_star(x, y, r * 0.8, r * 1.15, 12), color)
    low = r * 0.12 if scene.shape == "triangular" else 0
    count = ATTRIBUTES["eyes"].index(scene.eyes) + 1
    radius = r * {1: 0.3, 2: 0.2, 3: 0.16}[count]
    for i in range(count):
        _eye(brush, x + (i - (count - 1) / 2) * radius * 2.5, y - r * 0.16 + low, radius)
    _mouth(brush, scene.mood, x, y + r * 0.4 + low, r, ink_color(color))


def _flower(brush: Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = CANVAS / 2 + rng.uniform(-12, 12), CANVAS * 0.47 + rng.uniform(-8, 8)
    r = (62 if scene.size == "small" else 84) * rng.uniform(0.95, 1.05)
    brush.line([(x, y), (x + rng.uniform(-8, 8), CANVAS)], 13, (34, 120, 52))
    brush.oval(x + r * 0.42, y + r * 1.28, r * 0.4, r * 0.16, (44, 140, 64))
    _accessory(brush, scene.accessory, x, y - r * 0.95, r * 0.75, color)
    petals = {"round": 7, "square": 4, "triangular": 3, "spiky": 11}[scene.shape]
    turn = math.pi / 4 if scene.shape == "square" else 0
    for i in range(petals):
        angle = i * 2 * math.pi / petals - math.pi / 2 + turn
        c, s = math.cos(angle), math.sin(angle)
        if scene.shape == "spiky":
            side = [
                (x + math.cos(angle + d) * r * 0.6, y + math.sin(angle + d) * r * 0.6)
                for d in (-0.4, 0.4)
            ]
            brush.polygon([side[0], (x + c * r * 1.1, y + s * r * 1.1), side[1]], color)
        else:
            wide = {7: 0.34, 4: 0.52, 3: 0.58}[petals] * r
            brush.dot(x + c * (r * 1.05 - wide), y + s * (r * 1.05 - wide), wide, color)
    brush.dot(x, y, r * 0.62, trim_color(color))
    brush.dot(x, y, r * 0.52, (252, 232, 170))
    for s in (-1, 1):
        brush.oval(x + s * r * 0.19, y - r * 0.12, r * 0.08, r * 0.12, (22, 22, 26))
    _mouth(brush, scene.mood, x, y + r * 0.22, r * 0.6, (22, 22, 26))


def _fish(brush: Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = CANVAS / 2 - 12 + rng.uniform(-10, 10), CANVAS / 2 + 8 + rng.uniform(-16, 16)
    r = (58 if scene.size == "small" else 76) * rng.uniform(0.95, 1.05)
    trim = trim_color(color)
    brush.polygon(
        [(x + r * 0.75, y), (x + r * 1.55, y - r * 0.7), (x + r * 1.55, y + r * 0.7)], trim
    )
    _accessory(brush, scene.accessory, x - r * 0.2, y - r * 0.82, r * 0.72, color)
    if scene.shape == "round":
        brush.oval(x, y, r * 1.08, r * 0.86, color)
    elif scene.shape == "square":
        brush.box(x, y, r * 1.02, r * 0.78, color, radius=r * 0.14)
    elif scene.shape == "triangular":
        brush.polygon([(x - r * 1.3, y + r * 0.12), (x + r, y - r * 1.02), (x + r, y + r)], color)
    else:
        for i in range(5):
            fin = x - r * 0.62 + i * r * 0.31
            for s in (-1, 1):
                brush.polygon(
                    [
                        (fin - r * 0.17, y + s * r * 0.5),
                        (fin + r * 0.17, y + s * r * 0.5),
                        (fin + r * 0.08, y + s * r * 1.1),
                    ],
                    trim,
                )
        brush.oval(x, y, r * 1.08, r * 0.72, color)
    _eye(brush, x - r * 0.5, y - r * 0.2, r * 0.2)
    brush.polygon(
        [(x + r * 0.2, y + r * 0.05), (x + r * 0.62, y - r * 0.12), (x + r * 0.62, y + r * 0.3)],
        trim,
    )
    _mouth(brush, scene.mood, x - r * 0.42, y + r * 0.34, r * 0.62, ink_color(color))


def _star(x: float, y: float, inner: float, outer: float, points: int) -> list[Point]:
    """Return the corners of a star, alternating between its two radii."""
    steps = [(i * math.pi / points, outer if i % 2 else inner) for i in range(2 * points)]
    return [(x + math.cos(angle) * r, y + math.sin(angle) * r) for angle, r in steps]


CREATURES: dict[str, Callable[[Brush, Scene, RGB, random.Random], None]] = {
    "monster": _monster,
    "flower": _flower,
    "fish": _fish,
}

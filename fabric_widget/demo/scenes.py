"""The pictures the demo model learns from: small creatures, drawn by code, with captions.

A `Scene` names every attribute of a picture, `render` draws it and `caption` describes it, leaving
attributes out at random: where a prompt is silent the model must stay diverse, or feedback would
have nothing to choose from. Nothing here knows torch.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Self

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

RGB = tuple[int, int, int]
Point = tuple[float, float]

COLORS: dict[str, RGB] = {
    "red": (214, 48, 49),
    "orange": (240, 140, 40),
    "yellow": (250, 214, 60),
    "green": (60, 170, 80),
    "teal": (40, 184, 184),
    "blue": (50, 96, 220),
    "purple": (138, 70, 190),
    "pink": (245, 140, 184),
    "white": (245, 245, 240),
    "black": (42, 42, 48),
}

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "kind": ("monster", "flower", "fish"),
    "color": tuple(COLORS),
    "shape": ("round", "square", "triangular", "spiky"),
    "size": ("small", "big"),
    "mood": ("happy", "sad", "surprised"),
    "accessory": ("bare", "horned", "antennaed", "crowned"),
    "eyes": ("one-eyed", "two-eyed", "three-eyed"),
    "background": tuple(COLORS),
    "pattern": ("plain", "striped", "dotted", "checkered", "gradient"),
}
"""Every attribute of a scene and the values it takes, in the order captions name them."""

MENTIONED: dict[str, float] = {
    "size": 0.3,
    "mood": 0.35,
    "color": 0.6,
    "shape": 0.5,
    "accessory": 0.35,
    "eyes": 0.2,
    "background": 0.55,
    "pattern": 0.4,
}
"""How often a caption mentions each attribute. The kind is always named."""

_SUPERSAMPLING = 4
_CANVAS = 256
"""Side of the canvas in drawing units; every measure below is in these units."""
_DARK = 160
"""A colour whose channels add up to less is drawn on with light ink."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Every attribute of one picture. Values are checked against `ATTRIBUTES`."""

    kind: str
    color: str
    shape: str
    size: str
    mood: str
    accessory: str
    eyes: str
    background: str
    pattern: str

    def __post_init__(self) -> None:
        """Refuse values that an attribute does not take."""
        for name, value in asdict(self).items():
            if value not in ATTRIBUTES[name]:
                msg = f"{name}={value!r} is not a value of it; choose from {ATTRIBUTES[name]}"
                raise ValueError(msg)

    @classmethod
    def sample(cls, rng: random.Random, **fixed: str) -> Self:
        """Draw a scene uniformly, except for `fixed` attributes.

        The background never has the subject's colour, or the subject could not be seen.
        """
        drawn = {f.name: rng.choice(ATTRIBUTES[f.name]) for f in fields(cls)} | fixed
        free = "background" if "background" not in fixed else "color"
        if drawn["color"] == drawn["background"] and free not in fixed:
            other = "color" if free == "background" else "background"
            drawn[free] = rng.choice([c for c in COLORS if c != drawn[other]])
        return cls(**drawn)


def caption(scene: Scene, rng: random.Random) -> str:
    """Describe `scene` in English, leaving attributes out at random.

    "a monster", "a big happy red square horned monster on a blue striped background".
    """
    return describe(scene, choose(scene, rng))


def choose(scene: Scene, rng: random.Random) -> set[str]:
    """Choose at random which attributes a caption of `scene` names, besides its kind."""
    said = {name for name, probability in MENTIONED.items() if rng.random() < probability}
    if scene.accessory == "bare":
        said.discard("accessory")
    if scene.kind != "monster":
        said.discard("eyes")
    return said


def describe(scene: Scene, said: set[str]) -> str:
    """Describe `scene` by exactly the attributes in `said` (and its kind)."""
    adjectives = [n for n in ("size", "mood", "color", "shape", "accessory", "eyes") if n in said]
    phrase = _with_article([*(getattr(scene, name) for name in adjectives), scene.kind])
    ground = [getattr(scene, name) for name in ("background", "pattern") if name in said]
    return f"{phrase} on {_with_article([*ground, 'background'])}" if ground else phrase


def _with_article(words: list[str]) -> str:
    return " ".join(["an" if words[0] in {"orange", "antennaed"} else "a", *words])


def parse(text: str) -> dict[str, str]:
    """Read attributes back from a description such as "green monster on a blue background".

    A colour before the word "on" is the subject's, after it the background's.

    Raises
    ------
    ValueError
        A word that is no attribute's value, with the list of words that are, or an attribute
        that is named twice.
    """
    subject, _, ground = text.lower().partition(" on ")
    found: dict[str, str] = {}
    for part, names in ((subject, tuple(_SUBJECT)), (ground, ("background", "pattern"))):
        for word in re.findall(r"[\w-]+", part):
            if word in _FILLER:
                continue
            name = next((n for n in names if word in ATTRIBUTES[n]), None)
            if name is None:
                allowed = sorted({v for n in names for v in ATTRIBUTES[n]})
                where = "the subject" if names != ("background", "pattern") else "the background"
                msg = f"{word!r} says nothing about {where}; choose from: {', '.join(allowed)}"
                raise ValueError(msg)
            if name in found:
                msg = f"{name} is given twice: {found[name]!r} and {word!r}; name it once"
                raise ValueError(msg)
            found[name] = word
    return found


_SUBJECT = [name for name in ATTRIBUTES if name not in {"background", "pattern"}]
_FILLER = {"a", "an", "the", "and", "with", "background"}


def render(scene: Scene, rng: random.Random, size: int = 64) -> Image.Image:
    """Draw `scene` as a square RGB picture of `size` pixels; `rng` jitters place and colour."""
    brush = _Brush(_CANVAS, _SUPERSAMPLING * size / _CANVAS)
    _background(brush, scene.pattern, _jitter(COLORS[scene.background], rng), rng)
    _SUBJECTS[scene.kind](brush, scene, _jitter(COLORS[scene.color], rng), rng)
    return brush.image.resize((size, size), Image.Resampling.BOX)


class _Brush:
    """A canvas in drawing units, whatever its resolution in pixels."""

    def __init__(self, side: int, scale: float) -> None:
        self.scale = scale
        pixels = round(side * scale)
        self.image = Image.new("RGB", (pixels, pixels))
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: list[Point], fill: RGB) -> None:
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        self._draw.ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def dot(self, x: float, y: float, r: float, fill: RGB) -> None:
        self.oval(x, y, r, r, fill)

    def box(self, x: float, y: float, rx: float, ry: float, fill: RGB, radius: float = 0) -> None:
        corners = self._box(x - rx, y - ry, x + rx, y + ry)
        self._draw.rounded_rectangle(corners, radius=radius * self.scale, fill=fill)

    def line(self, points: list[Point], width: float, fill: RGB) -> None:
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * self.scale), joint="curve")

    def arc(
        self, box: tuple[float, ...], span: tuple[float, float], width: float, fill: RGB
    ) -> None:
        self._draw.arc(self._box(*box), *span, fill=fill, width=round(width * self.scale))

    def _box(self, *values: float) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = (value * self.scale for value in values)
        return x0, y0, x1, y1


def _jitter(color: RGB, rng: random.Random, amount: float = 12) -> RGB:
    red, green, blue = (max(0, min(255, round(c + rng.uniform(-amount, amount)))) for c in color)
    return red, green, blue


def _shade(color: RGB, factor: float) -> RGB:
    red, green, blue = (max(0, min(255, round(c * factor))) for c in color)
    return red, green, blue


def _ink(color: RGB) -> RGB:
    return (22, 22, 26) if sum(color) > _DARK else (238, 238, 238)


def _trim(color: RGB) -> RGB:
    """Give the colour of horns, fins and feelers: the body's, darker, or lighter if it is black."""
    return _shade(color, 0.62) if sum(color) > _DARK else (104, 104, 112)


def _background(brush: _Brush, pattern: str, color: RGB, rng: random.Random) -> None:
    second = _shade(color, 0.8) if sum(color) > _DARK else _shade(color, 1.7)
    brush.box(_CANVAS / 2, _CANVAS / 2, _CANVAS, _CANVAS, color)
    if pattern == "gradient":
        _gradient(brush, color)
    elif pattern != "plain":
        {"striped": _stripes, "dotted": _dots, "checkered": _checks}[pattern](brush, second, rng)


def _stripes(brush: _Brush, color: RGB, rng: random.Random) -> None:
    width, slant = rng.randint(28, 40), _CANVAS / 2
    for x in range(-_CANVAS, 2 * _CANVAS, 2 * width):
        top, bottom = (
            [(x, 0.0), (x + width, 0.0)],
            [(x + width - slant, _CANVAS), (x - slant, _CANVAS)],
        )
        brush.polygon([*top, *bottom], color)


def _dots(brush: _Brush, color: RGB, rng: random.Random) -> None:
    pitch = rng.randint(46, 60)
    for row in range(_CANVAS // pitch + 2):
        for x in range(0 if row % 2 else pitch // 2, _CANVAS + pitch, pitch):
            brush.dot(x, row * pitch, pitch * 0.27, color)


def _checks(brush: _Brush, color: RGB, rng: random.Random) -> None:
    tile = rng.choice([36, 46])
    for row in range(_CANVAS // tile + 1):
        for column in range(row % 2, _CANVAS // tile + 1, 2):
            x, y = (column + 0.5) * tile, (row + 0.5) * tile
            brush.box(x, y, tile / 2, tile / 2, color)


def _gradient(brush: _Brush, color: RGB) -> None:
    low = _shade(color, 0.5) if sum(color) > _DARK else _shade(color, 2.4)
    for y in range(_CANVAS):
        mix = y / _CANVAS
        red, green, blue = (round(a * (1 - mix) + b * mix) for a, b in zip(color, low, strict=True))
        brush.box(_CANVAS / 2, y + 0.5, _CANVAS, 0.5, (red, green, blue))


def _accessory(brush: _Brush, kind: str, x: float, y: float, r: float, color: RGB) -> None:
    """Put an accessory on a head whose crown is at (x, y) and whose half-width is r."""
    trim = _trim(color)
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


def _mouth(brush: _Brush, mood: str, x: float, y: float, r: float, ink: RGB) -> None:
    width = max(8.0, r * 0.13)
    if mood == "happy":
        brush.arc((x - r * 0.45, y - r * 0.38, x + r * 0.45, y + r * 0.24), (8, 172), width, ink)
    elif mood == "sad":
        brush.arc((x - r * 0.42, y - r * 0.04, x + r * 0.42, y + r * 0.55), (190, 350), width, ink)
    else:
        brush.oval(x, y + r * 0.08, r * 0.17, r * 0.22, ink)


def _eye(brush: _Brush, x: float, y: float, r: float) -> None:
    brush.dot(x, y, r, (255, 255, 255))
    brush.dot(x, y, r * 0.55, (20, 20, 24))


def _monster(brush: _Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = _CANVAS / 2 + rng.uniform(-12, 12), _CANVAS / 2 + 16 + rng.uniform(-8, 8)
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
    _mouth(brush, scene.mood, x, y + r * 0.4 + low, r, _ink(color))


def _flower(brush: _Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = _CANVAS / 2 + rng.uniform(-12, 12), _CANVAS * 0.47 + rng.uniform(-8, 8)
    r = (62 if scene.size == "small" else 84) * rng.uniform(0.95, 1.05)
    brush.line([(x, y), (x + rng.uniform(-8, 8), _CANVAS)], 13, (34, 120, 52))
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
    brush.dot(x, y, r * 0.62, _trim(color))
    brush.dot(x, y, r * 0.52, (252, 232, 170))
    for s in (-1, 1):
        brush.oval(x + s * r * 0.19, y - r * 0.12, r * 0.08, r * 0.12, (22, 22, 26))
    _mouth(brush, scene.mood, x, y + r * 0.22, r * 0.6, (22, 22, 26))


def _fish(brush: _Brush, scene: Scene, color: RGB, rng: random.Random) -> None:
    x, y = _CANVAS / 2 - 12 + rng.uniform(-10, 10), _CANVAS / 2 + 8 + rng.uniform(-16, 16)
    r = (58 if scene.size == "small" else 76) * rng.uniform(0.95, 1.05)
    trim = _trim(color)
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
    _mouth(brush, scene.mood, x - r * 0.42, y + r * 0.34, r * 0.62, _ink(color))


def _star(x: float, y: float, inner: float, outer: float, points: int) -> list[Point]:
    """Return the corners of a star, alternating between its two radii."""
    steps = [(i * math.pi / points, outer if i % 2 else inner) for i in range(2 * points)]
    return [(x + math.cos(angle) * r, y + math.sin(angle) * r) for angle, r in steps]


_SUBJECTS: dict[str, Callable[[_Brush, Scene, RGB, random.Random], None]] = {
    "monster": _monster,
    "flower": _flower,
    "fish": _fish,
}

"""A scene: every attribute of a picture and the values that it can take."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import random

    from fabric_widget.demo.scenes.colors import RGB

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

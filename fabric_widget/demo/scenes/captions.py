"""Captions: describe a scene in English, and read attributes back from a description.

A caption leaves attributes out at random: where a prompt names none the model must stay diverse,
or feedback would have nothing to choose from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fabric_widget.demo.scenes.scene import ATTRIBUTES

if TYPE_CHECKING:
    import random

    from fabric_widget.demo.scenes.scene import Scene

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

_SUBJECT = [name for name in ATTRIBUTES if name not in {"background", "pattern"}]
_FILLER = {"a", "an", "the", "and", "with", "background"}


def caption(scene: Scene, rng: random.Random) -> str:
    """Describe `scene` in English, leaving attributes out at random.

    "a monster", "a big happy red square horned monster on a blue striped background".
    """
    return describe(scene, choose(scene, rng))


def choose(scene: Scene, rng: random.Random) -> set[str]:
    """Choose at random which attributes a caption of `scene` names, besides its kind."""
    named = {name for name, probability in MENTIONED.items() if rng.random() < probability}
    if scene.accessory == "bare":
        named.discard("accessory")
    if scene.kind != "monster":
        named.discard("eyes")
    return named


def describe(scene: Scene, named: set[str]) -> str:
    """Describe `scene` by exactly the attributes in `named` (and its kind)."""
    adjectives = [n for n in ("size", "mood", "color", "shape", "accessory", "eyes") if n in named]
    phrase = _with_article([*(getattr(scene, name) for name in adjectives), scene.kind])
    ground = [getattr(scene, name) for name in ("background", "pattern") if name in named]
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

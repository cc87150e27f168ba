"""What a simulated user says about pictures: "this one's colors", "that one's background"."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEANINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "color": ("colors", "subject"),
        "background": ("colors", "background"),
        "shape": ("form", "subject"),
        "size": ("form", "subject"),
        "eyes": ("form", "subject"),
        "accessory": ("form", "subject"),
        "mood": ("form", "subject"),
        "pattern": ("form", "background"),
    }
)
"""Aspect and part of a picture that a person names who means one of its attributes."""
_GOOD = 0.35  # the greatest distance of what somebody would call what they want
_BETTER = 0.02  # by how much something must be nearer than what was said before


@dataclass(frozen=True)
class Statement:
    """One thing that was said of one picture of a round.

    Parameters
    ----------
    position
        Of the picture in its round.
    attribute
        What is meant; nobody but the person knows it.
    aspect, part
        What is said: as `fabric_widget.engine.Vote` takes them.
    distance
        Of the attribute from what is wanted, 0 … 1.
    """

    position: int
    attribute: str
    aspect: str
    part: str
    distance: float


def said(
    distances: Sequence[Mapping[str, float]], earlier: Sequence[Statement], count: int
) -> tuple[Statement, ...]:
    """Return what is said of a round: the attributes that are nearest to what is wanted.

    Parameters
    ----------
    distances
        Of each picture, the distance of each wanted attribute.
    earlier
        What was said of earlier rounds; it is said again only of a picture that is nearer.
    count
        How many things are said at most, each about another attribute.
    """
    nearest = {statement.attribute: statement.distance for statement in earlier}
    found: dict[str, Statement] = {}
    candidates = sorted(
        (distance, name, position)
        for position, wanted in enumerate(distances)
        for name, distance in wanted.items()
        if name in MEANINGS
    )
    for distance, name, position in candidates:
        if len(found) == count:
            break
        known = nearest.get(name)
        better = known is None or distance < known - _BETTER
        if distance < _GOOD and better and name not in found:
            found[name] = Statement(position, name, *MEANINGS[name], distance)
    return tuple(found.values())

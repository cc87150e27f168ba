"""Hidden tastes: what a simulated user wants to see, and the distance of a picture from it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np

from fabric_widget.color_and_form import cielab
from fabric_widget.demo.scenes import ATTRIBUTES, COLORS, Scene, describe, parse
from fabric_widget.evaluation.people.options import AT_A_GLANCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.demo.reader import Reading

_COLORED = ("color", "background")
_MIN_ATTRIBUTES = 2  # beside the kind: a single one could be right by chance
_TRIES = 200  # scenes drawn for each taste before giving up


@dataclass(frozen=True)
class Taste:
    """What a simulated user wants to see.

    Parameters
    ----------
    wanted
        Value for each attribute that matters; names and values are those of
        `fabric_widget.demo.scenes.ATTRIBUTES`.
    text
        The same in words.

    Raises
    ------
    ValueError
        Nothing is wanted, or something that is no attribute's value.
    """

    wanted: Mapping[str, str]
    text: str

    def __post_init__(self) -> None:
        """Check that something is wanted, and that it exists."""
        if not self.wanted:
            values = sorted({value for values in ATTRIBUTES.values() for value in values})
            message = f"{self.text!r} wants nothing; name some of: {', '.join(values)}"
            raise ValueError(message)
        for name, value in self.wanted.items():
            if value not in ATTRIBUTES.get(name, ()):
                message = f"{name} is {value!r}; choose from {ATTRIBUTES.get(name, 'nothing')}"
                raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a taste such as "green monster on a striped background".

        Raises
        ------
        ValueError
            A word says nothing about a picture; the message lists those that do.
        """
        return cls(parse(text), " ".join(text.split()))

    @property
    def prompt(self) -> str:
        """A prompt that names only the kind of subject."""
        return f"a {self.wanted.get('kind', ATTRIBUTES['kind'][0])}"

    def distance(self, reading: Reading) -> float:
        """Return how far a picture is from this taste, 0 (exactly it) … 1.

        The mean over the wanted attributes of their expected distances under the reader's
        probabilities. Two values of an attribute have distance 1; two colours have the distance
        of how they look: orange is nearer to red than blue is.
        """
        return float(np.mean([mismatch(reading, n, value) for n, value in self.wanted.items()]))


def mismatch(reading: Reading, name: str, value: str) -> float:
    """Return how far an attribute is from a wanted value, as the reader's expectation, 0 … 1."""
    known = color_distances()[value] if name in _COLORED else {value: 0.0}
    return sum(p * known.get(v, 1.0) for v, p in reading.probabilities[name].items())


def sample_tastes(count: int, seed: int = 0, about: Sequence[str] = AT_A_GLANCE) -> list[Taste]:
    """Return `count` different tastes: a kind of subject and two or three other attributes.

    Subject and background never share a colour.

    Parameters
    ----------
    count
        How many.
    seed
        The same seed gives the same tastes.
    about
        The attributes that a taste may name beside the kind, at least two.

    Raises
    ------
    ValueError
        `about` has fewer than two attributes, or one that pictures do not have; or there are not
        so many different tastes about them.
    """
    known = [name for name in ATTRIBUTES if name != "kind"]
    if len(set(about)) < _MIN_ATTRIBUTES or not set(about) <= set(known):
        message = f"tastes are about {', '.join(about)}; name two or more of: {', '.join(known)}"
        raise ValueError(message)
    rng = random.Random(seed)
    tastes: dict[str, Taste] = {}
    for _ in range(_TRIES * count):
        if len(tastes) == count:
            break
        scene = Scene.sample(rng)
        # Only monsters show how many eyes they have.
        names = [n for n in known if n in about and (n != "eyes" or scene.kind == "monster")]
        if len(names) < _MIN_ATTRIBUTES:
            continue
        named = set(
            rng.sample(names, min(rng.choice((_MIN_ATTRIBUTES, _MIN_ATTRIBUTES + 1)), len(names)))
        )
        wanted = {n: getattr(scene, n) for n in ATTRIBUTES if n == "kind" or n in named}
        text = describe(scene, named)
        tastes.setdefault(text, Taste(wanted, text))
    if len(tastes) < count:
        message = (
            f"found {len(tastes)} different tastes about {', '.join(about)}, not {count}: ask for "
            "fewer, or name more attributes"
        )
        raise ValueError(message)
    return list(tastes.values())


@cache
def color_distances() -> Mapping[str, Mapping[str, float]]:
    """Return the perceived distances between the demo's colours, 0 … 1 (the farthest two).

    Euclidean distance in CIE L*a*b* (CIE 1976, white point D65), divided by the greatest.
    """
    lab = cielab(np.array(list(COLORS.values()), dtype=np.float64) / 255)
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    distances /= distances.max()
    return {
        a: dict(zip(COLORS, row.tolist(), strict=True))
        for a, row in zip(COLORS, distances, strict=True)
    }

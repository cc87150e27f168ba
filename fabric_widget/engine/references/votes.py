"""Read likes and dislikes: each picture once, with a digest of its content as id."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.references.images import read_picture
from fabric_widget.engine.results import GeneratedImage

_MAX_STRENGTH = 2.0
_PAIR = 2


@dataclass(frozen=True, eq=False)
class Vote:
    """A picture and how strongly it counts.

    Parameters
    ----------
    id
        Digest of the content.
    content
        A generated image, or an RGB picture still to be encoded.
    strength
        More than 0, up to 2.
    """

    id: str
    content: GeneratedImage | Image.Image
    strength: float


@dataclass(frozen=True)
class Votes:
    """Liked and disliked pictures, each once, in an order independent of the votes'."""

    liked: tuple[Vote, ...] = ()
    disliked: tuple[Vote, ...] = ()


def read_votes(liked: Iterable[Any], disliked: Iterable[Any]) -> Votes:
    """Return liked and disliked pictures as votes.

    A negative strength moves a picture to the other side; strength 0 is ignored. The same picture
    given twice with the same strength counts once.

    Parameters
    ----------
    liked, disliked
        Generated images, PIL images, numpy arrays, paths, or pairs of one of these and a strength
        from -2 to 2.

    Raises
    ------
    BadReference
        Something is no picture, has a strength out of range, or has two different strengths.
    """
    signed: dict[str, tuple[GeneratedImage | Image.Image, float]] = {}
    for name, sign, items in (("liked", 1, liked), ("disliked", -1, disliked)):
        for item in _listed(name, items):
            source, strength = _with_strength(item)
            content = source if isinstance(source, GeneratedImage) else read_picture(source)
            if strength == 0:
                continue
            identity = _identity(content)
            known = signed.setdefault(identity, (content, sign * strength))
            if known[1] != sign * strength:
                raise BadReference(_conflict(known[1], sign * strength))
    ordered = sorted(signed.items())
    return Votes(
        tuple(Vote(identity, c, s) for identity, (c, s) in ordered if s > 0),
        tuple(Vote(identity, c, -s) for identity, (c, s) in ordered if s < 0),
    )


def _listed(name: str, items: object) -> Iterable[Any]:
    single = (GeneratedImage, Image.Image, np.ndarray, str, os.PathLike)
    if isinstance(items, single) or not isinstance(items, Iterable):
        message = (
            f"{name} is a {type(items).__name__}: give a list, also for a single picture "
            f"({name}=[picture])"
        )
        raise BadReference(message)
    return items


def _with_strength(item: object) -> tuple[object, float]:
    if not isinstance(item, tuple):
        return item, 1.0
    if len(item) != _PAIR:
        message = f"a tuple of {len(item)} is not a picture: give (picture, strength)"
        raise BadReference(message)
    source, strength = item
    if isinstance(strength, bool) or not isinstance(strength, Real):
        message = f"the strength is {strength!r}: give a number from -2 to 2"
        raise BadReference(message)
    if not abs(float(strength)) <= _MAX_STRENGTH:  # NaN fails too
        message = f"the strength is {strength!r}: give a number from -2 to 2"
        raise BadReference(message)
    return source, float(strength)


def _identity(content: GeneratedImage | Image.Image) -> str:
    if isinstance(content, GeneratedImage):
        return content.id
    return digest("picture", torch.from_numpy(np.array(content)))


def _conflict(first: float, second: float) -> str:
    if first * second < 0:
        return "the same picture is liked and disliked: decide for one"
    return (
        f"the same picture is given with strengths {abs(first):g} and {abs(second):g}: give it once"
    )

"""Read likes and dislikes: what was said of which picture, each statement once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.votes.aspects import ALL, read_aspect
from fabric_widget.engine.votes.images import read_picture
from fabric_widget.engine.votes.parts import Part, read_part

MOST_STRENGTH = 2.0
_PAIR = 2


@dataclass(frozen=True, eq=False)
class Vote:
    """What is liked, or disliked, about a picture.

    Parameters
    ----------
    picture
        A generated image, or any picture that `read_picture` reads: a PIL image, a numpy array, a
        torch tensor, a path, bytes, an open file, a data URL.
    strength
        -2 … 2. A negative one moves the picture to the other side; 0 is ignored.
    aspect
        What of the picture counts: "all", its "colors", or its "form".
    part
        Which part of it counts: None for the whole, "subject", "background", a box (left, top,
        right, bottom) in the picture's pixels, or a mask (an "L" image or an array (height, width),
        above 0 where the part is).
    in_place
        Whether a part is borrowed only where it stands; otherwise anywhere.
    """

    picture: Any
    strength: float = 1.0
    aspect: str = ALL
    part: Any = None
    in_place: bool = True


class About:
    """What a vote is about: a mixin for whatever has an id, an aspect, a part and a place."""

    id: str
    aspect: str
    part: Part | None
    in_place: bool

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """Equal for votes about the same of the same picture, the newest of which counts."""
        part = "" if self.part is None else self.part.name
        return self.id, self.aspect, part, self.in_place or self.part is None

    @property
    def plain(self) -> bool:
        """Whether it is about everything of the whole picture."""
        return self.aspect == ALL and self.part is None


@dataclass(frozen=True, eq=False)
class CheckedVote(About):
    """A vote that was read and checked.

    Parameters
    ----------
    id
        Digest of the picture.
    content
        A generated image, or an RGB picture still to be encoded.
    strength
        More than 0, up to 2.
    aspect
        "all", "colors" or "form".
    part
        None for the whole picture.
    in_place
        Whether the part is borrowed only where it stands.
    place
        Position among the votes as they were given: a greater one is newer.
    """

    id: str
    content: GeneratedImage | Image.Image
    strength: float = 1.0
    aspect: str = ALL
    part: Part | None = None
    in_place: bool = True
    place: int = 0

    def weighing(self, strength: float) -> CheckedVote:
        """Return the same vote with another strength."""
        return replace(self, strength=strength)


@dataclass(frozen=True)
class Votes:
    """What was liked and disliked, each once, in an order independent of the votes'."""

    liked: tuple[CheckedVote, ...] = ()
    disliked: tuple[CheckedVote, ...] = ()


def read_votes(liked: Iterable[Any], disliked: Iterable[Any]) -> Votes:
    """Return liked and disliked pictures as checked votes.

    A negative strength moves a picture to the other side; strength 0 is ignored. The same said
    twice with the same strength counts once.

    Parameters
    ----------
    liked, disliked
        Votes, generated images, anything that `read_picture` reads, or pairs of one of these and a
        strength from -2 to 2.

    Raises
    ------
    BadReference
        Something is no picture, has a strength out of range, has an unknown aspect or part, or has
        two different strengths.
    """
    signed: dict[tuple[str, str, str, bool], CheckedVote] = {}
    for name, sign, items in (("liked", 1, liked), ("disliked", -1, disliked)):
        for item in _listed(name, items):
            vote = _as_vote(item)
            read = _read(vote, sign * _checked_strength(vote.strength), len(signed))
            if read.strength == 0:
                continue
            known = signed.setdefault(read.key, read)
            if known.strength != read.strength:
                raise BadReference(_conflict(known.strength, read.strength))
    ordered = [signed[key] for key in sorted(signed)]
    return Votes(
        tuple(read for read in ordered if read.strength > 0),
        tuple(read.weighing(-read.strength) for read in ordered if read.strength < 0),
    )


def _listed(name: str, items: object) -> Iterable[Any]:
    single = (Vote, GeneratedImage, Image.Image, np.ndarray, torch.Tensor, str, bytes, os.PathLike)
    single_file = hasattr(items, "read")
    if isinstance(items, single) or single_file or not isinstance(items, Iterable):
        message = (
            f"{name} is a {type(items).__name__}: give a list, also for a single picture "
            f"({name}=[picture])"
        )
        raise BadReference(message)
    return items


def _as_vote(item: object) -> Vote:
    if isinstance(item, Vote):
        return item
    if not isinstance(item, tuple):
        return Vote(item)
    if len(item) != _PAIR:
        message = f"a tuple of {len(item)} is not a picture: give (picture, strength)"
        raise BadReference(message)
    return Vote(*item)


def _checked_strength(strength: object) -> float:
    if isinstance(strength, bool) or not isinstance(strength, Real):
        message = f"the strength is {strength!r}: give a number from -2 to 2"
        raise BadReference(message)
    if not abs(float(strength)) <= MOST_STRENGTH:  # NaN fails too
        message = f"the strength is {strength!r}: give a number from -2 to 2"
        raise BadReference(message)
    return float(strength)


def _read(vote: Vote, strength: float, place: int) -> CheckedVote:
    source = vote.picture
    content = source if isinstance(source, GeneratedImage) else read_picture(source)
    shown = content.image if isinstance(content, GeneratedImage) else content
    part = read_part(vote.part, shown.size)
    aspect = read_aspect(vote.aspect)
    return CheckedVote(_identity(content), content, strength, aspect, part, vote.in_place, place)


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

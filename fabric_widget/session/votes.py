"""Votes of a session: a picture, its id and a signed strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.references.votes import read_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from fabric_widget.engine import GeneratedImage

    Picture = GeneratedImage | Image.Image


@dataclass(frozen=True)
class Vote:
    """A picture and its strength.

    Parameters
    ----------
    id
        Digest of the picture: equal pictures have equal ids.
    image
        A generated image, or an uploaded picture as RGB.
    strength
        -2 … 2: liked above 0, disliked below; 0 takes a vote back.
    """

    id: str
    image: Picture
    strength: float


def strengths_of(votes: Sequence[Vote]) -> dict[str, float]:
    """Return strengths by the ids of the pictures, in the order of the votes."""
    return {vote.id: vote.strength for vote in votes}


def liked_of(votes: Sequence[Vote]) -> tuple[tuple[Picture, float], ...]:
    """Return liked pictures with their strengths, more than 0 and up to 2."""
    return tuple((vote.image, vote.strength) for vote in votes if vote.strength > 0)


def disliked_of(votes: Sequence[Vote]) -> tuple[tuple[Picture, float], ...]:
    """Return disliked pictures with their strengths, more than 0 and up to 2."""
    return tuple((vote.image, -vote.strength) for vote in votes if vote.strength < 0)


def read_vote(image: object, strength: float, sign: int) -> Vote:
    """Return a vote, checked and named by the engine.

    Parameters
    ----------
    image
        A generated image, or any picture that the engine reads.
    strength
        -2 … 2.
    sign
        1 for a like, -1 for a dislike.

    Raises
    ------
    BadReference
        `image` is not a picture, or the strength is out of range.
    """
    read = read_votes([(image, strength)], [])
    if not (read.liked or read.disliked):  # strength 0 is no feedback, but still about a picture
        (named,) = read_votes([image], []).liked
        return Vote(named.id, named.content, 0.0)
    (named,) = read.liked or read.disliked
    return Vote(named.id, named.content, sign * (named.strength if read.liked else -named.strength))

"""Votes of a session: what was said of a picture, with a signed strength."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fabric_widget import engine
from fabric_widget.engine.votes.aspects import ALL
from fabric_widget.engine.votes.votes import About, read_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from fabric_widget.engine import GeneratedImage
    from fabric_widget.engine.votes.parts import Part
    from fabric_widget.engine.votes.votes import Votes

    Picture = GeneratedImage | Image.Image


@dataclass(frozen=True)
class Vote(About):
    """A picture, and how strongly what of it counts.

    Parameters
    ----------
    id
        Digest of the picture: equal pictures have equal ids.
    image
        A generated image, or an uploaded picture as RGB.
    strength
        -2 … 2: liked above 0, disliked below; 0 takes a vote back.
    aspect
        "all", "colors" or "form".
    part
        None for the whole picture.
    in_place
        Whether the part is borrowed only where it stands.
    """

    id: str
    image: Picture
    strength: float
    aspect: str = ALL
    part: Part | None = None
    in_place: bool = True


def strengths_of(votes: Sequence[Vote]) -> dict[str, float]:
    """Return strengths of votes on whole pictures by their ids, in the order of the votes."""
    return {vote.id: vote.strength for vote in votes if vote.plain}


def liked_of(votes: Sequence[Vote]) -> tuple[tuple[Picture, float], ...]:
    """Return liked pictures with their strengths, more than 0 and up to 2."""
    return tuple((vote.image, vote.strength) for vote in votes if vote.strength > 0)


def disliked_of(votes: Sequence[Vote]) -> tuple[tuple[Picture, float], ...]:
    """Return disliked pictures with their strengths, more than 0 and up to 2."""
    return tuple((vote.image, -vote.strength) for vote in votes if vote.strength < 0)


def checked_of(votes: Sequence[Vote]) -> Votes:
    """Return votes as the engine takes them."""
    said = [
        engine.Vote(vote.image, vote.strength, vote.aspect, vote.part, vote.in_place)
        for vote in votes
    ]
    return read_votes(said, [])


def read_vote(said: engine.Vote, sign: int) -> Vote:
    """Return a vote, checked and named by the engine.

    Parameters
    ----------
    said
        What was said of which picture.
    sign
        1 for a like, -1 for a dislike.

    Raises
    ------
    BadReference
        It is not about a picture, or one of its values is out of range.
    """
    read = read_votes([said], [])
    strength = 0.0
    if read.liked or read.disliked:
        (named,) = read.liked or read.disliked
        strength = sign * (named.strength if read.liked else -named.strength)
    else:  # strength 0 is no feedback, but still about a picture
        (named,) = read_votes([replace(said, strength=1.0)], []).liked
    return Vote(named.id, named.content, strength, named.aspect, named.part, named.in_place)

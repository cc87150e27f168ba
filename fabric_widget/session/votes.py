"""Votes of a session: what was said of a picture, with a signed strength."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fabric_widget import engine
from fabric_widget.engine.votes.aspects import ALL, ASPECTS
from fabric_widget.engine.votes.parts import PARTS, Part
from fabric_widget.engine.votes.votes import About, read_votes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from PIL import Image

    from fabric_widget.engine import GeneratedImage
    from fabric_widget.engine.votes.votes import Votes

    Picture = GeneratedImage | Image.Image

ANYWHERE = "anywhere"
_MOST_WORDS = 4  # picture, aspect, part, anywhere


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
    """Return strengths of votes by what they are about, in the order of the votes."""
    return {
        key_of(vote.id, vote.aspect, vote.part, in_place=vote.in_place): vote.strength
        for vote in votes
    }


def key_of(picture: str, aspect: str, part: Part | None, *, in_place: bool) -> str:
    """Return what a vote is about as one text: "0a1b…", "0a1b…:colors", "0a1b…:subject"."""
    words = [picture, "" if aspect == ALL else aspect]
    words += [] if part is None else [part.name, "" if in_place else ANYWHERE]
    return ":".join(filter(None, words))


def read_key(key: str, pictures: Mapping[str, Picture], parts: Mapping[str, Part]) -> engine.Vote:
    """Return a like of what a key of `strengths_of` says.

    Parameters
    ----------
    key
        Of a vote.
    pictures, parts
        Those that may be named: pictures by id, drawn parts by name.

    Raises
    ------
    BadReference
        No picture, aspect or part is called so.
    """
    identity, *words = key.split(":", _MOST_WORDS)
    aspect = words.pop(0) if words and words[0] in ASPECTS else ALL
    name = words.pop(0) if words else ""
    part = Part(name) if name in PARTS else parts.get(name)
    in_place = words != [ANYWHERE]
    if identity not in pictures or key != key_of(identity, aspect, part, in_place=in_place):
        message = f"no picture of this session is called {key[:80]!r}"
        raise engine.BadReference(message)
    return engine.Vote(pictures[identity], 1.0, aspect, part, in_place)


def drawn_parts(votes: Iterable[Vote]) -> dict[str, Part]:
    """Return the boxes and masks that votes are about, by name."""
    parts = [vote.part for vote in votes if vote.part is not None]
    return {part.name: part for part in parts if part.mask is not None}


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

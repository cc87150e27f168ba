"""Serialize rounds, history and votes; make and resolve the names used in messages.

A picture's name on the wire is the beginning of its id. A vote's name is that of its picture and,
after colons, what of it counts: "0a1b2c3d4e5f", "0a1b2c3d4e5f:colors", "0a1b2c3d4e5f:subject".
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.widget.images.encoding import image_of
from fabric_widget.widget.state.masks import mask_told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fabric_widget.engine import Round
    from fabric_widget.session import Session
    from fabric_widget.session.state import Turn
    from fabric_widget.widget.images.encoding import Album

_NAME = 12  # characters
_THUMBS = 64  # pictures of the history that travel with it; older ones are fetched


def name_of(identity: str) -> str:
    """Return a picture's name in messages, or that of a vote."""
    return ":".join(word[:_NAME] for word in identity.split(":"))


def named(session: Session) -> dict[str, str]:
    """Return the ids of a session's pictures by their names in messages."""
    return {name_of(identity): identity for identity in tuple(session.pictures)}


def votes_of(strengths: Mapping[str, float]) -> dict[str, float]:
    """Return votes by their names in messages."""
    return {name_of(key): strength for key, strength in strengths.items()}


def keys_of(session: Session, votes: Iterable[str]) -> dict[str, str]:
    """Return what votes are about, as in `Session.strengths`, by their names in messages.

    Those whose picture, aspect or part is unknown are left out.
    """
    words = named(session) | {name_of(part): part for part in tuple(session.parts)}
    keys = {name: ":".join(words.get(word, word) for word in name.split(":")) for name in votes}
    return {name: key for name, key in keys.items() if name_of(key) == name and session.knows(key)}


def parts_of(session: Session) -> dict[str, Any]:
    """Return the boxes and masks that votes are about, by their names in messages."""
    voted = {word for key in session.strengths for word in key.split(":")[1:]}
    return {
        name_of(name): mask_told(part.mask)
        for name, part in tuple(session.parts.items())
        if name in voted and part.mask is not None
    }


def tastes_of(session: Session) -> list[dict[str, Any]]:
    """Return the tastes that the next round follows: LoRAs, by their names in messages."""
    return [
        {"id": name_of(use.digest), "name": use.name, "strength": use.strength}
        for use in session.lora_uses
    ]


def contributions_of(made: Round) -> dict[str, float]:
    """Return each reference's share of a round's attention, by its name in messages."""
    return {name_of(identity): round(share, 4) for identity, share in made.contributions.items()}


def round_of(turn: Turn, index: int, album: Album) -> dict[str, Any]:
    """Return a round with its pictures for the screen."""
    made = turn.round
    width, height = _size(turn)
    images = []
    for at, picture in enumerate(made):
        encoded = album.screen(picture.id, picture)
        images.append(
            {
                "id": name_of(picture.id),
                "seed": picture.seed,
                "mime": encoded.mime,
                "width": picture.image.width,
                "height": picture.image.height,
                "data": encoded.data,
                **_tries(made, at),
            }
        )
    return {
        "index": index,
        "kind": turn.kind,
        "prompt": made.prompt,
        "seed": made.seed,
        "votes": votes_of(turn.strengths),
        "contributions": contributions_of(made),
        "width": width,
        "height": height,
        "images": images,
    }


def history_of(turns: Sequence[Turn], album: Album) -> list[dict[str, Any]]:
    """Return all rounds, oldest first, with thumbnails of the newest pictures."""
    newest = (picture.id for turn in reversed(turns) for picture in reversed(turn.round.images))
    thumbed = set(islice(newest, _THUMBS))
    return [_row(turn, index, thumbed, album) for index, turn in enumerate(turns)]


def uploads_of(session: Session, names: Mapping[str, str], album: Album) -> list[dict[str, Any]]:
    """Return the uploaded pictures, and those of votes that no round made: of styles."""
    pictures = session.pictures
    voted = {key.partition(":")[0] for key in session.strengths}
    strange = voted and voted - {image.id for turn in session.turns for image in turn.round}
    return [
        {
            "id": name_of(identity),
            "name": names.get(identity, ""),
            "thumb": album.thumb(identity, picture).data,
            **dict(zip(("width", "height"), image_of(picture).size, strict=True)),
        }
        for identity, picture in tuple(pictures.items())
        if isinstance(picture, Image.Image) or identity in strange
    ]


def _row(turn: Turn, index: int, thumbed: set[str], album: Album) -> dict[str, Any]:
    made = turn.round
    width, height = _size(turn)
    return {
        "index": index,
        "parent": turn.parent,
        "kind": turn.kind,
        "prompt": made.prompt,
        "negative_prompt": str(made.settings.get("negative_prompt") or ""),
        "seed": made.seed,
        "liked": len({vote.id for vote in turn.votes if vote.strength > 0}),
        "disliked": len({vote.id for vote in turn.votes if vote.strength < 0}),
        "contributions": contributions_of(made),
        "width": width,
        "height": height,
        "images": [
            {
                "id": name_of(picture.id),
                "seed": picture.seed,
                "thumb": album.thumb(picture.id, picture).data if picture.id in thumbed else None,
                **_tries(made, at),
            }
            for at, picture in enumerate(made)
        ],
    }


def _tries(made: Round, at: int) -> dict[str, Any]:
    """Return what a picture tries in words, pictures' names in braces, and whom it follows."""
    if at >= len(made.recipes):  # rounds of before there were plans
        return {"tries": "", "sources": []}
    recipe = made.recipes[at]
    names = {source: "{" + name_of(source) + "}" for source in recipe.sources}
    return {"tries": recipe.told(names), "sources": [name_of(source) for source in names]}


def _size(turn: Turn) -> tuple[int, int]:
    return turn.round[0].image.size

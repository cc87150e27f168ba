"""A folder of PNGs with a line of JSON about each, as Hugging Face's ``datasets`` reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fabric_widget.session.exports.words import (
    names_of,
    recipe_words,
    uploads_of,
    votes_by_picture,
)
from fabric_widget.session.files.pictures import encode
from fabric_widget.session.files.turns import plain
from fabric_widget.session.files.writing import png_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.engine.votes.votes import About
    from fabric_widget.session.state import State

METADATA = "metadata.jsonl"  # with "file_name": what `load_dataset("imagefolder")` looks for


def pictures_of(state: State) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the folder: every picture of the rounds, uploads, and the lines."""
    votes, names = votes_by_picture(state), names_of(state)
    lines: list[dict[str, Any]] = []
    for index, turn in enumerate(state.turns):
        made = turn.round
        for at, image in enumerate(made):
            name = f"{index + 1:03d}-{at + 1:02d}-{image.seed}.png"
            recipe = made.recipes[at] if made.recipes else None
            lines.append(
                {
                    "file_name": name,
                    "id": image.id,
                    "round": index,
                    "position": at,
                    "kind": turn.kind,
                    "prompt": image.prompt,
                    "seed": image.seed,
                    "settings": plain(image.settings),
                    "starred": image.id in state.starred,
                    "votes": _told(votes.get(image.id, [])),
                    "tries": "" if recipe is None else recipe_words(names, recipe.words),
                    "liked": [] if recipe is None else _told(recipe.liked),
                    "disliked": [] if recipe is None else _told(recipe.disliked),
                }
            )
            yield name, png_of(image, turn)
    for number, identity in enumerate(uploads_of(state), 1):
        name = f"upload-{number:02d}.png"
        picture: Any = state.pictures[identity]
        lines.append({"file_name": name, "id": identity, "votes": _told(votes.get(identity, []))})
        yield name, encode(getattr(picture, "image", picture))
    text = "".join(f"{_line(line)}\n" for line in lines)
    yield METADATA, text.encode("utf-8", "replace")


def _line(content: dict[str, Any]) -> str:
    """Return JSON that every reader takes for one line."""
    text = json.dumps(content, ensure_ascii=False)
    for separator in "\x85\u2028\u2029":
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text


def _told(votes: Sequence[About]) -> list[dict[str, Any]]:
    return [
        {
            "id": vote.id,
            "strength": getattr(vote, "strength", 0.0),
            "aspect": vote.aspect,
            "part": None if vote.part is None else vote.part.name,
            "in_place": vote.in_place,
        }
        for vote in votes
    ]

"""Votes in words, and which votes each picture got."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fabric_widget.engine.votes.aspects import ALL
from fabric_widget.engine.votes.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.votes.votes import About
    from fabric_widget.session.state import State
    from fabric_widget.session.votes import Vote

_NAMED = re.compile(r"\{([0-9a-f]+)\}")


def votes_by_picture(state: State) -> dict[str, list[Vote]]:
    """Return the votes on each picture: those that stand, and those that a round was made with.

    Of several about the same, the newest.
    """
    newest = {vote.key: vote for turn in state.turns for vote in turn.votes}
    newest |= {vote.key: vote for vote in state.votes}
    found: dict[str, list[Vote]] = {}
    for vote in newest.values():
        found.setdefault(vote.id, []).append(vote)
    return found


def what_of(vote: About) -> str:
    """Return what of a picture a vote is about: "colors of a part, anywhere"; "" for all of it."""
    words = [] if vote.aspect == ALL else [vote.aspect]
    if vote.part is not None:
        named = f"the {vote.part.name}" if vote.part.name in PARTS else "a part"
        words.append(named + ("" if vote.in_place else ", anywhere"))
    return " of ".join(words)


def said(vote: Vote) -> str:
    """Return a vote in words: "liked 1.5: colors of the subject"."""
    strength = "" if abs(vote.strength) == 1 else f" {abs(vote.strength):g}"
    what = what_of(vote)
    verb = "liked" if vote.strength > 0 else "disliked"
    return f"{verb}{strength}{': ' if what else ''}{what}"


def names_of(state: State) -> dict[str, str]:
    """Return a name for each picture: "picture 2 of round 1"; uploads are "upload 1"."""
    names: dict[str, str] = {}
    for index, turn in enumerate(state.turns, 1):
        for at, image in enumerate(turn.round, 1):
            names.setdefault(image.id, f"picture {at} of round {index}")
    for name in uploads_of(state):
        names[name] = f"upload {len([n for n in names.values() if n.startswith('upload')]) + 1}"
    return names


def uploads_of(state: State) -> Sequence[str]:
    """Return the ids of voted pictures that no round of the session made."""
    made = {image.id for turn in state.turns for image in turn.round}
    return [name for name in state.pictures if name not in made]


def recipe_words(names: Mapping[str, str], words: str) -> str:
    """Return the words of a recipe with names for ids."""
    return _NAMED.sub(lambda found: names.get(found[1], "a picture"), words)

"""``session.json``: where a session stands, what it did, and what is known of each picture.

The present state is written out. Each other one, which undo or redo leads to, is written as what
is different from the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.as_json import typed
from fabric_widget.session.as_json.records import (
    LORAS,
    loras_as_json,
    loras_from_json,
    votes_as_json,
    votes_from_json,
)
from fabric_widget.session.files.document import FORMAT
from fabric_widget.session.files.saved import Saved
from fabric_widget.session.files.turns import (
    check_places,
    plain,
    starred_from_json,
    turn_as_json,
    turn_from_json,
)
from fabric_widget.session.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.session.as_json.records import Lookup
    from fabric_widget.session.files.pictures import Facts
    from fabric_widget.session.state import Turn
    from fabric_widget.session.votes import Picture

_MOST_STATES = 100_000


def as_json(saved: Saved, pictures: Mapping[str, tuple[Picture, Facts]]) -> dict[str, Any]:
    """Return a session as JSON.

    Parameters
    ----------
    saved
        The session.
    pictures
        Its pictures by id, with what is noted about each.
    """
    present = saved.present
    places = {id(turn): index for index, turn in enumerate(saved.turns)}
    before = State(next_seed=0)
    states: list[dict[str, Any] | None] = []
    for state in saved.states:
        states.append(None if state is present else _difference(before, state, places))
        before = state
    return {
        "format": FORMAT,
        **({"name": saved.name} if saved.name else {}),
        "next_seed": present.next_seed,
        "prompt": present.prompt,
        "current": present.current,
        "votes": votes_as_json(present.votes),
        "starred": list(present.starred),
        **({LORAS: loras_as_json(present.loras)} if present.loras else {}),
        "turns": [turn_as_json(turn) for turn in present.turns],
        "turns_taken_back": [turn_as_json(turn) for turn in saved.turns[len(present.turns) :]],
        "states": states,
        "environments": [dict(each) for each in saved.environments],
        "generated": {
            name: _making(image) | facts.as_json()
            for name, (image, facts) in pictures.items()
            if isinstance(image, GeneratedImage)
        },
        "uploads": {
            name: facts.as_json()
            for name, (image, facts) in pictures.items()
            if not isinstance(image, GeneratedImage)
        },
    }


def from_json(content: Mapping[str, Any], picture: Lookup) -> Saved:
    """Return a session.

    Parameters
    ----------
    content
        What `as_json` returned, now or in an earlier version.
    picture
        Returns a picture by its id.

    Raises
    ------
    Exception
        It is something else.
    """
    turns = [turn_from_json(turn, picture) for turn in typed.listed(content["turns"], "turns")]
    taken_back = [turn_from_json(turn, picture) for turn in content.get("turns_taken_back", [])]
    present = State(
        next_seed=typed.whole(content["next_seed"], "next_seed"),
        turns=tuple(turns),
        current=content["current"],
        votes=votes_from_json(content["votes"], picture),
        prompt=typed.text(content["prompt"], "the prompt"),
        starred=starred_from_json(content.get("starred", []), picture),
        loras=loras_from_json(content.get(LORAS, [])),
    )
    check_places(present, 0)
    known = _Known(tuple(turns + taken_back), picture)
    told = typed.listed(content.get("states", [None]), "states")
    if len(told) > _MOST_STATES or told.count(None) != 1:
        message = f"of {len(told)} states {told.count(None)} are the present one"
        raise ValueError(message)
    states, state = [], State(next_seed=0)
    for difference in told:
        state = present if difference is None else _changed(state, difference, known)
        states.append(state)
    at = told.index(None)
    environments = typed.listed(content.get("environments", []), "environments")
    return Saved(
        present,
        tuple(states[:at]),
        tuple(states[at + 1 :]),
        tuple(typed.mapping(each, "an environment") for each in environments),
        typed.text(content.get("name", ""), "the name"),
    )


@dataclass(frozen=True)
class _Known:
    """Rounds by their index, and pictures by their id."""

    turns: tuple[Turn, ...]
    picture: Lookup


def _making(image: GeneratedImage) -> dict[str, Any]:
    return {"prompt": image.prompt, "seed": image.seed, "settings": plain(image.settings)}


def _difference(before: State, state: State, places: Mapping[int, int]) -> dict[str, Any]:
    """Return what of a state is different from the one before it."""
    told: dict[str, Any] = {}
    for name in ("next_seed", "current", "prompt", "starred"):
        if getattr(state, name) != getattr(before, name):
            value = getattr(state, name)
            told[name] = list(value) if isinstance(value, tuple) else value
    if state.loras != before.loras:
        told[LORAS] = loras_as_json(state.loras)
    kept = _alike(before.turns, state.turns)
    if kept < max(len(before.turns), len(state.turns)):
        told["turns"] = [kept, [places[id(turn)] for turn in state.turns[kept:]]]
    kept = _alike(before.votes, state.votes)
    if kept < max(len(before.votes), len(state.votes)):
        told["votes"] = [kept, votes_as_json(state.votes[kept:])]
    return told


def _changed(before: State, difference: object, known: _Known) -> State:
    """Return the state that is so different from the one before it."""
    told = typed.mapping(difference, "a state")
    changes: dict[str, Any] = {}
    checked = len(before.turns)
    if "next_seed" in told:
        changes["next_seed"] = typed.whole(told["next_seed"], "next_seed")
    if "current" in told:
        changes["current"] = told["current"]
    if "prompt" in told:
        changes["prompt"] = typed.text(told["prompt"], "a prompt")
    if "starred" in told:
        changes["starred"] = starred_from_json(told["starred"], known.picture)
    if LORAS in told:
        changes["loras"] = loras_from_json(told[LORAS])
    if "turns" in told:
        kept, added = told["turns"]
        checked = typed.whole(kept, "kept turns", len(before.turns))
        most = len(known.turns) - 1
        new = [known.turns[typed.whole(i, "a turn", most)] for i in typed.listed(added, "turns")]
        changes["turns"] = (*before.turns[:checked], *new)
    if "votes" in told:
        kept, added = told["votes"]
        kept = typed.whole(kept, "kept votes", len(before.votes))
        changes["votes"] = (*before.votes[:kept], *votes_from_json(added, known.picture))
    state = replace(before, **changes)
    check_places(state, checked)
    return state


def _alike(some: Sequence[Any], others: Sequence[Any]) -> int:
    """Return how many of the first elements are the same objects."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(some, others)))  # noqa: B905

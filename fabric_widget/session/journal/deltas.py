"""What an act changed in a state, as JSON, and the state after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.session.as_json import typed
from fabric_widget.session.as_json.records import (
    LORAS,
    loras_as_json,
    loras_from_json,
    votes_as_json,
    votes_from_json,
)
from fabric_widget.session.files.turns import (
    check_places,
    starred_from_json,
    turn_as_json,
    turn_from_json,
)
from fabric_widget.session.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.session.as_json.records import Lookup
    from fabric_widget.session.votes import Picture, Vote

NOTHING = State(next_seed=0)
"""What the first state of a journal is told from."""
_PLAIN = ("next_seed", "current", "prompt", "starred")


def delta_of(before: State, after: State) -> dict[str, Any]:
    """Return what is different in `after`, as JSON with pictures named by id.

    Votes that were there before are told by their place, so that a vote costs the same however many
    there are.
    """
    told = {name: getattr(after, name) for name in _PLAIN}
    delta = {name: value for name, value in told.items() if value != getattr(before, name)}
    if after.loras != before.loras:
        delta[LORAS] = loras_as_json(after.loras)
    kept = _common(before.turns, after.turns)
    if kept != len(before.turns):
        delta["kept"] = kept
    if kept != len(after.turns):
        delta["turns"] = [turn_as_json(turn) for turn in after.turns[kept:]]
    if before.votes is not after.votes:
        places = {_said(vote): at for at, vote in enumerate(before.votes)}
        delta["votes"] = [
            places.get(_said(vote), new)
            for vote, new in zip(after.votes, votes_as_json(after.votes), strict=True)
        ]
    return delta


def state_after(before: State, delta: Mapping[str, Any], picture: Lookup) -> State:
    """Return the state that `delta` leads to.

    Raises
    ------
    Exception
        The delta is not one, or belongs to another state.
    """
    kept = typed.whole(delta.get("kept", len(before.turns)), "kept turns", len(before.turns))
    new = [turn_from_json(turn, picture) for turn in typed.listed(delta.get("turns", []), "turns")]
    votes = before.votes
    if "votes" in delta:
        told = typed.listed(delta["votes"], "votes")
        votes = tuple(_vote(each, before.votes, picture) for each in told)
    changes = {name: delta[name] for name in _PLAIN if name in delta}
    if "starred" in changes:
        changes["starred"] = starred_from_json(changes["starred"], picture)
    if LORAS in delta:
        changes["loras"] = loras_from_json(delta[LORAS])
    typed.text(changes.get("prompt", ""), "a prompt")
    typed.whole(changes.get("next_seed", 0), "next_seed")
    after = replace(before, turns=(*before.turns[:kept], *new), votes=votes, **changes)
    check_places(after, kept)
    return after


def met_in(before: State, after: State) -> dict[str, Picture]:
    """Return the pictures that `delta_of` names, by id: those of turns and votes that are new."""
    kept = _common(before.turns, after.turns)
    votes = [vote for turn in after.turns[kept:] for vote in turn.votes]
    if before.votes is not after.votes:
        votes += after.votes
    images: dict[str, Picture] = {i.id: i for turn in after.turns[kept:] for i in turn.round}
    return {vote.id: vote.image for vote in votes} | images


def _common(before: Sequence[object], after: Sequence[object]) -> int:
    """Return how many turns at the beginning are the same; acts only ever append one."""
    most = min(len(before), len(after))
    if most and before[most - 1] is after[most - 1]:
        return most
    return next((i for i in range(most) if before[i] is not after[i]), most)


def _vote(told: object, before: Sequence[Vote], picture: Lookup) -> Vote:
    if isinstance(told, int):
        return before[typed.whole(told, "a vote", len(before) - 1)]
    (vote,) = votes_from_json([told], picture)
    return vote


def _said(vote: Vote) -> tuple[object, ...]:
    """Return what is equal for equal votes; `key` leaves out what makes no difference."""
    return vote.key, vote.strength, vote.in_place

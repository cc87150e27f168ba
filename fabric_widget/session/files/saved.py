"""Saved: what is saved of a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fabric_widget.session.votes import drawn_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.votes.parts import Part
    from fabric_widget.session.state import State, Turn
    from fabric_widget.session.votes import Picture, Vote


@dataclass(frozen=True)
class Saved:
    """A session at one moment, with what undo and redo lead to.

    Parameters
    ----------
    present
        Where it stands.
    past
        The states that undo goes back to, the nearest last.
    future
        The states that redo goes forward to, the nearest first.
    environments
        The pipelines, devices and libraries that it was saved with, the newest last.
    name
        Of a style; "" for sessions.
    """

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    environments: tuple[Mapping[str, Any], ...] = ()
    name: str = ""

    @cached_property
    def states(self) -> tuple[State, ...]:
        """All states in their order."""
        return (*self.past, self.present, *self.future)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """Every round of any state once: those of the present first, in their order."""
        lines = {id(state.turns): state.turns for state in (self.present, *self.states)}
        turns = {id(turn): turn for line in lines.values() for turn in line}
        return tuple(turns.values())

    @cached_property
    def pictures(self) -> dict[str, Picture]:
        """Every picture of any state, by id."""
        found: dict[str, Picture] = {}
        for name, picture in self._named():
            found.setdefault(name, picture)
        return found

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Every box and mask of a vote of any state, by name."""
        return drawn_parts(vote for votes in self._votes() for vote in votes)

    def _votes(self) -> Iterator[Sequence[Vote]]:
        yield from (turn.votes for turn in self.turns)
        yield from {id(state.votes): state.votes for state in self.states}.values()

    def _named(self) -> Iterator[tuple[str, Picture]]:
        for turn in self.turns:
            yield from ((image.id, image) for image in turn.round)
            for recipe in turn.round.recipes:
                yield from ((vote.id, vote.content) for vote in (*recipe.liked, *recipe.disliked))
                if recipe.start is not None:
                    yield recipe.start.parent.id, recipe.start.parent
        for votes in self._votes():
            yield from ((vote.id, vote.image) for vote in votes)

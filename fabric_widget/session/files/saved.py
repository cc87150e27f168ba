"""Saved: what is saved of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fabric_widget.session.state import State, Turn
    from fabric_widget.session.votes import Picture


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
    """

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    environments: tuple[Mapping[str, Any], ...] = ()

    @property
    def states(self) -> tuple[State, ...]:
        """All states in their order."""
        return (*self.past, self.present, *self.future)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Every round of any state once: those of the present first, in their order."""
        turns = {id(turn): turn for turn in self.present.turns}
        for state in self.states:
            turns |= {id(turn): turn for turn in state.turns if id(turn) not in turns}
        return tuple(turns.values())

    @property
    def pictures(self) -> dict[str, Picture]:
        """Every picture of any state, by id."""
        found: dict[str, Picture] = {}
        for picture in self._named():
            found |= {name: each for name, each in picture.items() if name not in found}
        return found

    def _named(self) -> Iterator[dict[str, Picture]]:
        for turn in self.turns:
            yield {image.id: image for image in turn.round}
            yield {vote.id: vote.image for vote in turn.votes}
            for recipe in turn.round.recipes:
                yield {vote.id: vote.content for vote in (*recipe.liked, *recipe.disliked)}
                yield {} if recipe.start is None else {recipe.start.parent.id: recipe.start.parent}
        for state in self.states:
            yield {vote.id: vote.image for vote in state.votes}

"""Undo and redo: a line of states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

State = TypeVar("State")


class History(Generic[State]):
    """A line of immutable states with a current one; undo and redo move along it.

    Parameters
    ----------
    start
        The current state.
    past
        The states before it, the nearest last.
    future
        The states that were taken back, the nearest first.
    """

    def __init__(
        self, start: State, past: Sequence[State] = (), future: Sequence[State] = ()
    ) -> None:
        self.present = start
        self._past = list(past)
        self._future = list(reversed(future))

    def act(self, state: State) -> None:
        """Make `state` the current one and forget states that were undone."""
        self._past.append(self.present)
        self._future.clear()
        self.present = state

    @property
    def line(self) -> tuple[tuple[State, ...], int]:
        """Every state, oldest first, and the index of the current one."""
        return (*self.past, self.present, *self.future), len(self._past)

    @property
    def past(self) -> tuple[State, ...]:
        """The states before the current one, the nearest last."""
        return tuple(self._past)

    @property
    def future(self) -> tuple[State, ...]:
        """The states that were taken back, the nearest first."""
        return tuple(reversed(self._future))

    @property
    def previous(self) -> State | None:
        """The state that `undo` would go back to."""
        return self._past[-1] if self._past else None

    @property
    def following(self) -> State | None:
        """The state that `redo` would go forward to."""
        return self._future[-1] if self._future else None

    def undo(self) -> bool:
        """Go one state back; return whether there was one."""
        return self._move(self._past, self._future)

    def redo(self) -> bool:
        """Go one state forward again; return whether there was one."""
        return self._move(self._future, self._past)

    def _move(self, source: list[State], target: list[State]) -> bool:
        if not source:
            return False
        target.append(self.present)
        self.present = source.pop()
        return True

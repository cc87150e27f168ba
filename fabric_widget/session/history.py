"""Undo and redo: a line of states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

State = TypeVar("State")


class History(Generic[State]):
    """A line of immutable states with a current one; undo and redo move along it.

    Parameters
    ----------
    start
        The first state, which cannot be taken back.
    """

    def __init__(self, start: State) -> None:
        self.present = start
        self._past: list[State] = []
        self._future: list[State] = []

    def act(self, state: State) -> None:
        """Make `state` the current one and forget states that were undone."""
        self._past.append(self.present)
        self._future.clear()
        self.present = state

    @classmethod
    def of(cls, line: Sequence[State], at: int) -> Self:
        """Return a history of states, oldest first, that stands at one of them."""
        made = cls(line[at])
        made._past, made._future = list(line[:at]), list(line[:at:-1])
        return made

    @property
    def line(self) -> tuple[tuple[State, ...], int]:
        """Every state, oldest first, and the index of the current one."""
        return (*self._past, self.present, *reversed(self._future)), len(self._past)

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

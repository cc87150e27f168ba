"""What a journal is told, until it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.session.state import State


@dataclass(frozen=True)
class Whole:
    """Everything so far, in one line: the beginning, or after a time when nobody listened."""

    states: Sequence[State]
    at: int
    when: float


@dataclass(frozen=True)
class Act:
    """One act: the states before and after it."""

    before: State
    after: State
    when: float


@dataclass(frozen=True)
class Move:
    """A step along the line of states."""

    move: Literal["undo", "redo"]
    when: float


@dataclass(frozen=True)
class Finished:
    """The session has ended."""

    when: float


@dataclass(frozen=True)
class LetGo:
    """Somebody else is to have the folder."""


Item = Whole | Act | Move | Finished | LetGo

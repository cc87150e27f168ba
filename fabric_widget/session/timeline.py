"""Timeline: rounds and votes as states that can be undone.

It keeps states and knows their order. What an act does to a state is left to the session.
"""

from __future__ import annotations

import operator
import threading
from typing import TYPE_CHECKING, Literal

from fabric_widget.session.history import History
from fabric_widget.session.state import State, act_between

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.engine import Round
    from fabric_widget.session.state import Act, Turn

    What = Literal["seen", "act", "undo", "redo"]
    Observer = Callable[[What, History[State]], object]


class Timeline:
    """Rounds and votes as a line of states, with undo, redo and branches.

    Parameters
    ----------
    start
        The first state.
    """

    def __init__(self, start: State) -> None:
        self._history = History(start)
        self._lock = threading.Lock()
        self._observer: Observer | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Every round with its votes and schedule, oldest first."""
        return self._history.present.turns

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds, oldest first."""
        return tuple(turn.round for turn in self.turns)

    @property
    def current(self) -> int | None:
        """Index of the round where the session stands: the newest, or one gone back to."""
        return self._history.present.current

    @property
    def prompt(self) -> str:
        """Of the current round; the next round uses it unless it is given another."""
        return self._history.present.prompt

    @property
    def next_seed(self) -> int:
        """Seed of the next round's first picture, unless `generate` is told one."""
        return self._history.present.next_seed

    @property
    def undoable(self) -> Act:
        """What `undo` would take back: "vote", "round", "branch", "star", "lora", or ""."""
        return act_between(self._history.present, self._history.previous)

    @property
    def redoable(self) -> Act:
        """What `redo` would do again: "vote", "round", "branch", "star", "lora", or ""."""
        return act_between(self._history.present, self._history.following)

    def observe(self, observer: Observer | None) -> None:
        """Have every act told to `observer`, in their order; None for nobody any more.

        It is called at once with all that happened so far, and holds up whoever acts: it should
        only make a note.
        """
        with self._lock:
            self._observer = observer
            if observer is not None:
                observer("seen", self._history)

    def branch(self, index: int) -> None:
        """Go back to just after a round.

        Its votes and its prompt stand again, and the next round goes on from there. No round is
        dropped: those made since stay in `rounds`, and their seeds are not used again.

        Parameters
        ----------
        index
            Of the round, from 0.

        Raises
        ------
        ValueError
            There is no such round.
        """
        count = len(self.turns)
        if not 0 <= operator.index(index) < count:
            known = f"give a number from 0 to {count - 1}" if count else "there are no rounds yet"
            message = f"round {index!r} is not there: {known}"
            raise ValueError(message)
        self._act(lambda state: state.back_at(index))

    def undo(self) -> bool:
        """Undo the last act; return whether there was one."""
        return self._moved("undo", self._history.undo)

    def redo(self) -> bool:
        """Redo the act undone last; return whether there was one.

        A new act forgets what was taken back before it.
        """
        return self._moved("redo", self._history.redo)

    def _act(self, change: Callable[[State], State]) -> None:
        """Apply a change to the current state, unless it changes nothing."""
        with self._lock:
            state = change(self._history.present)
            if state is not self._history.present:
                self._history.act(state)
                self._tell("act")

    def _moved(self, what: What, move: Callable[[], bool]) -> bool:
        with self._lock:
            moved = move()
            if moved:
                self._tell(what)
            return moved

    def _tell(self, what: What) -> None:
        if self._observer is not None:
            self._observer(what, self._history)

"""Kernels that end and others that come, for the tests of sessions that save themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.session import Session
from fabric_widget.session.journal import journal
from fabric_widget.widget.saving import autosaver
from tests.widget.fakes import PATIENCE, Studio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget

    Make = Callable[..., FabricWidget]


def gone(widget: FabricWidget) -> None:
    """Leave a widget as a kernel does that was killed: nothing is said, its lock is gone."""
    session = widget.session
    session.observe(None)
    autosaver._journals.pop(session).let_go(PATIENCE)
    journal._live.clear()


def other(make: Make, root: Path, **settings: Any) -> FabricWidget:
    """Return a widget as another kernel would make it."""
    return make(Session(Studio()), autosave=root, auto=False, **settings)  # type: ignore[arg-type]


def facts(session: Session) -> Any:
    line, at = session._history.line
    return [(len(s.turns), s.current, s.prompt, s.starred, s.next_seed) for s in line], at

"""Fixtures of the widget's tests: a front end that answers, a fast pipeline, a clock by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import comm
import pytest
from comm.base_comm import CommManager

from fabric_widget.session import Session
from fabric_widget.widget import FabricWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

from tests.widget.fakes import PATIENCE, Clock, Front, FrontComm, Studio, votes_of


@pytest.fixture(autouse=True)
def no_loop() -> Iterator[None]:
    """Hide the event loop that Playwright keeps in a process where browser tests ran before."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Front:
    """Return the front end that shows the widget made next."""
    shown, manager = Front(), CommManager()

    def create(**settings: Any) -> Any:
        # The widget's layout has a comm of its own, which says nothing of interest.
        is_widget = "prompt" in settings["data"]["state"]
        made = type("OneComm", (FrontComm,), {"front": shown if is_widget else Front()})(**settings)
        if is_widget:
            shown.comm = made
        return made

    monkeypatch.setattr(comm, "create_comm", create)
    monkeypatch.setattr(comm, "get_comm_manager", lambda: manager)
    return shown


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def session(studio: Studio) -> Session:
    return Session(studio)  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of widgets made from now on; it stands still."""
    standing = Clock()
    monkeypatch.setattr(FabricWidget, "_clock", standing)
    return standing


@pytest.fixture
def make(
    front: Front, session: Session, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., FabricWidget]]:
    """Return a function that makes the widget which the front end shows."""
    made = []

    def new(pipe: Any = session, **settings: Any) -> FabricWidget:
        settings = {"presets_file": tmp_path / "presets.json", "num_images": 2, **settings}
        made.append(FabricWidget(pipe, **settings))
        return made[-1]

    assert front is not None
    if "clock" in request.fixturenames:  # before the first widget reads it
        request.getfixturevalue("clock")
    yield new
    for widget in made:
        thread = widget._worker.thread
        widget.close()
        if thread is not None:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def widget(make: Callable[..., FabricWidget]) -> FabricWidget:
    """Return the widget that the front end shows."""
    return make()


@pytest.fixture
def counted(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """Return a list that every vote is noted in when it reaches the session."""
    reached: list[dict[str, float]] = []
    act = session._act

    def noting(change: Any) -> None:
        before = session.strengths
        act(change)
        if session.strengths != before:
            reached.append(votes_of(session))  # type: ignore[arg-type]

    monkeypatch.setattr(session, "_act", noting)
    return reached

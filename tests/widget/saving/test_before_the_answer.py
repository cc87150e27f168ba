"""Every act is on disk before the widget has answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import fabric_widget
from fabric_widget.session.journal import disk
from fabric_widget.session.journal.writer import Writer
from tests.widget.fakes import PATIENCE, noise, png
from tests.widget.saving.kernels import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front

    Act = Callable[[Front, list[str]], object]


@pytest.fixture
def lazy_disk(voted: FabricWidget, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the disk write only once somebody waits for it."""
    awaited, write, flush = threading.Event(), disk.write, Writer.flush
    assert voted._autosaver.flush()

    def waiting(file: int, content: bytes) -> None:
        assert awaited.wait(PATIENCE)
        write(file, content)

    def told(writer: Writer, timeout: float | None = None) -> bool:
        awaited.set()
        return flush(writer, timeout)

    monkeypatch.setattr(disk, "write", waiting)
    monkeypatch.setattr(Writer, "flush", told)
    yield awaited
    awaited.set()


ACTS: dict[str, Act] = {
    "a vote": lambda front, ids: front.set(votes={ids[0]: 1, ids[1]: -0.5}),
    "no vote": lambda front, _: front.set(votes={}),
    "a star": lambda front, ids: front.call("star", id=ids[0], starred=True),
    "undo": lambda front, _: front.call("undo"),
    "back": lambda front, _: front.call("branch", round=0),
    "a part": lambda front, ids: front.call(
        "part", id=ids[0], rows=2, columns=2, runs=[1, 2, 1], strength=1
    ),
    "a picture": lambda front, _: front.call("upload", [png(noise(1, 8))], names=["mine.png"]),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_on_disk_before_it_is_answered(
    voted: FabricWidget, root: Path, front: Front, lazy_disk: threading.Event, act: str
) -> None:
    ids = [image["id"] for image in front.state["round"]["images"]]
    before, found = facts(voted.session), []
    receive = front.receive

    def looking(kind: str, data: Any, buffers: Any) -> None:
        """Read the disk when a status or an answer comes, as if the kernel died then."""
        tells = "status" in data.get("state", {}) or data.get("method") == "custom"
        if tells and data.get("method") != "echo_update":
            (saved,) = fabric_widget.sessions(root)
            found.append(facts(saved.open(voted.session.fabric)))
        receive(kind, data, buffers)

    front.receive = looking  # type: ignore[method-assign]
    lazy_disk.clear()
    ACTS[act](front, ids)
    assert found
    assert facts(voted.session) != before
    assert found[0] == found[-1] == facts(voted.session)


def test_a_round_is_on_disk_when_its_result_is_there(
    voted: FabricWidget, root: Path, lazy_disk: threading.Event
) -> None:
    lazy_disk.clear()
    voted.generate().result(PATIENCE)
    (saved,) = fabric_widget.sessions(root)
    assert facts(saved.open(voted.session.fabric)) == facts(voted.session)

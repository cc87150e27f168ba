"""A widget that is closed, by whoever, ends its work and can be collected."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from ipywidgets.widgets.widget import _instances

from fabric_widget.engine import GenerationCancelled
from fabric_widget.widget import FabricWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.session import Session
    from tests.widget.fakes import Front, Studio


# ---- closing -----------------------------------------------------------------------------------


def test_a_closed_widget_is_gone(
    make: Callable[..., FabricWidget], front: Front, session: Session
) -> None:
    before = set(_instances)
    widget = make(session)
    widget.generate().result()
    thread = widget._worker.thread
    assert thread is not None
    comm = front.comm
    widget.close()
    widget.close()
    thread.join(60)
    assert not thread.is_alive()
    assert comm._closed
    assert set(_instances) == before
    with pytest.raises(RuntimeError, match=r"FabricWidget\(widget.session\)"):
        widget.generate()
    widget.prompt = "still an attribute"


def test_a_closed_widget_can_be_collected(front: Front, session: Session, tmp_path: Path) -> None:
    widget = FabricWidget(session, presets_file=tmp_path / "presets.json")
    widget.generate().result()
    thread = widget._worker.thread
    assert thread is not None
    widget.close()
    thread.join(60)
    reference = weakref.ref(widget)
    front.comm = None
    del widget
    gc.collect()
    assert reference() is None


def test_closing_stops_the_round(widget: FabricWidget, front: Front, studio: Studio) -> None:
    hold = studio.hold(2)
    outcome = widget.generate()
    waiting = widget.generate()
    hold.wait()
    said = len(front.said)
    widget.close()
    hold.release()
    with pytest.raises(GenerationCancelled):
        outcome.result(60)
    assert waiting.cancelled()
    kinds = [kind for kind, _, _ in front.said[said:]]
    assert kinds == ["comm_close"]
    assert studio.taken == 2


def test_a_host_that_only_closes_the_comm_ends_the_widget(
    widget: FabricWidget, front: Front, studio: Studio, make: Callable[..., FabricWidget]
) -> None:
    """As marimo does when a cell is run again."""
    hold = studio.hold(2)
    outcome = widget.generate()
    hold.wait()
    thread = widget._worker.thread
    front.comm.close()
    hold.release()
    assert isinstance(outcome.exception(60), GenerationCancelled)
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()
    idle = make()
    front.comm.close()
    make()
    with pytest.raises(RuntimeError):
        idle.generate()


def test_a_front_end_that_closes_the_comm_ends_the_widget(
    widget: FabricWidget, front: Front
) -> None:
    front.comm.handle_close({"content": {"data": {}}})
    with pytest.raises(RuntimeError):
        widget.generate()


def test_a_send_that_fails_fails_nothing(
    widget: FabricWidget, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(front, "receive", broken)
        assert len(widget.generate().result()) == 2
    assert front.reload()["round"]["index"] == 0

"""Colab, as far as it can be imitated without it: the real widget, and a wire like Colab's.

What is imitated: what a worker thread sends while no message is being handled never arrives (as
reported in googlecolab/colabtools#3373; whether it is lost or late is not known, so it is lost
here), messages are JSON, buffers arrive as Uint8Array, and the page says its theme as Colab does.
What is not: Colab's frames, its limits on the size of messages, its own pinned kernel.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import comm
import pytest
from comm.base_comm import BaseComm, CommManager

import fabric_widget
from fabric_widget import FabricWidget

from .notebook import Widget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

STATIC = Path(fabric_widget.__file__).parent / "static"
MODEL = Path(__file__).with_name("colab.js").read_text(encoding="utf-8")


class ColabComm(BaseComm):
    """Delivers what is sent while a message is being handled, and loses everything else."""

    def __init__(self, **settings: Any) -> None:
        self.lazy_session: dict[str, Any] = {}
        self.lost = 0
        self._arriving: list[dict[str, Any]] = []
        self._handling = False
        self._lock = RLock()
        super().__init__(**settings)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        del metadata
        texts = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
        message = json.loads(json.dumps({"data": data or {}, "buffers": texts}))
        with self._lock:
            if msg_type == "comm_open":
                self.lazy_session = message
            elif self._handling:
                self._arriving.append(message)
            else:
                self.lost += 1

    def handle(self, text: str) -> list[dict[str, Any]]:
        """Hand a message to the kernel; give what it sent until it was done with it."""
        message = json.loads(text)
        buffers = [base64.b64decode(buffer) for buffer in message["buffers"]]
        with self._lock:
            self._handling = True
        self.handle_msg({"content": {"data": message["data"]}, "buffers": buffers})
        with self._lock:
            self._handling = False
            arrived, self._arriving = self._arriving, []
        return arrived


@pytest.fixture
def colab(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Widget, ColabComm]]:
    """Show a widget whose kernel is this process, over a wire like Colab's."""
    manager = CommManager()
    monkeypatch.setattr(comm, "get_comm_manager", lambda: manager)
    monkeypatch.setattr(comm, "create_comm", ColabComm)
    widget = FabricWidget(prompt="a monster", num_images=2, steps=8, seed=7, auto=False)
    wire: Any = widget.comm
    page.expose_function("toKernel", wire.handle)
    page.set_content("<!doctype html><html theme=dark><title>Colab</title><body></body></html>")
    page.add_script_tag(content=MODEL)
    files = [(STATIC / f"widget.{kind}").read_text(encoding="utf-8") for kind in ("js", "css")]
    wire.lazy_session["data"]["method"] = "update"
    page.evaluate(
        "([js, css, opening]) => window.show(js, css, opening)", [*files, wire.lazy_session]
    )
    yield Widget(page.locator(".fabric-widget")).wait(theme="dark"), wire
    widget.close()


def test_rounds_arrive_though_nothing_arrives_by_itself(colab: tuple[Widget, ColabComm]) -> None:
    widget, wire = colab
    first = widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    assert not {*first} & {*widget.generate(1)}
    widget.expect_tools()
    assert wire.lost  # the worker did speak into the void


def test_a_run_can_be_stopped_where_nothing_arrives_by_itself(
    colab: tuple[Widget, ColabComm],
) -> None:
    widget, _ = colab
    widget.root.get_by_text("Settings", exact=True).click()
    widget.root.get_by_role("spinbutton", name="Steps").fill("150")
    widget.button("Next round").click()
    widget.wait(phase="running")
    widget.button("Stop").click()
    widget.wait(phase="idle", round=-1)
    assert len(widget.button("Next round").all()) == 1

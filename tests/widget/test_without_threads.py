"""The widget where Python has no threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING

import pytest

from fabric_widget.engine import GenerationCancelled
from fabric_widget.widget import FabricWidget
from tests.widget.fakes import Front, Studio, controls

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- without threads ---------------------------------------------------------------------------


def test_where_there_are_no_threads_it_works_in_place(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FabricWidget, "_threads", False)
    widget = make()
    before = threading.active_count()
    assert widget.generate().done()
    request = front.ask("generate", controls=controls(), votes={})
    assert front.answer(request)[0]["type"] == "answer"
    assert len(widget.session.rounds) == 2
    front.set(votes={front.state["round"]["images"][0]["id"]: 1})
    assert len(widget.session.rounds) == 3
    assert front.status["phase"] == "ready"
    widget.like(1)
    assert len(widget.session.rounds) == 4
    assert threading.active_count() == before
    phases = [status["phase"] for status in front.statuses]
    assert "running" in phases


def test_without_threads_votes_wait_where_there_is_a_loop(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FabricWidget, "_threads", False)
    monkeypatch.setattr(FabricWidget, "_debounce", 0.3)
    widget = make()
    widget.generate().result()

    async def vote() -> None:
        rounds = asyncio.get_running_loop().create_future()
        widget.observe(lambda _: rounds.set_result(len(widget.session.rounds)), "round")
        widget.like(0)
        widget.like(1)
        assert len(widget.session.rounds) == 1
        assert await rounds == 2

    asyncio.run(vote())
    assert front.status["phase"] == "ready"
    assert not front.status["pending"]


def test_a_future_says_how_a_dropped_round_ended(widget: FabricWidget, studio: Studio) -> None:
    hold = studio.hold(1)
    first, second, third = widget.generate(), widget.generate(), widget.generate()
    assert third is second
    hold.wait()
    widget.cancel()
    hold.release()
    with pytest.raises(GenerationCancelled):
        first.result()
    with pytest.raises(concurrent.futures.CancelledError):
        second.result()

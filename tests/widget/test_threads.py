"""What the worker and a page write at once, and Stop."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

from tests.widget.fakes import PATIENCE, Front, Studio, controls, flat, png

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.session import Session
    from fabric_widget.widget import FabricWidget

from tests.widget.counting import names

# ---- the lock ----------------------------------------------------------------------------------


class WatchedLock:
    """A lock that says when somebody has to wait for it."""

    def __init__(self, waited: threading.Event) -> None:
        self._lock = threading.RLock()
        self._waited = waited

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waited.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("valid", [True, False])
def test_an_update_neither_takes_back_nor_delays_what_the_worker_writes_meanwhile(
    widget: FabricWidget, front: Front, *, valid: bool
) -> None:
    """A validator that refuses rolls back every trait set meanwhile, whoever set it."""
    settled = threading.Event()  # the other thread has written, or waits for the lock
    widget._view.lock = WatchedLock(settled)  # type: ignore[assignment]

    def write() -> None:
        widget._publisher.publish_status(message="written by the worker")
        settled.set()

    worker = threading.Thread(target=write)

    def check(_widget: object, proposal: Any) -> Any:
        worker.start()
        assert settled.wait(PATIENCE)
        if not valid:
            message = "no"
            raise traitlets.TraitError(message)
        return proposal["value"]

    widget._trait_validators["lock_seed"] = check
    front.forget()
    with contextlib.nullcontext() if valid else pytest.raises(traitlets.TraitError):
        widget.set_state({"lock_seed": True})
    worker.join(PATIENCE)
    assert widget.lock_seed is valid
    assert widget.status["message"] == "written by the worker"
    assert [status["message"] for status in front.statuses] == ["written by the worker"]


def test_what_a_page_asks_for_is_of_one_moment(widget: FabricWidget) -> None:
    widget.generate().result()
    settled = threading.Event()  # the page has its answer, or waits for the lock
    widget._view.lock = WatchedLock(settled)  # type: ignore[assignment]
    told: list[dict[str, Any]] = []

    def ask() -> None:
        told.append(widget.get_state())
        settled.set()

    asking = threading.Thread(target=ask)

    def between(_change: object) -> None:
        """Ask when the history is written and the round is not."""
        asking.start()
        assert settled.wait(PATIENCE)

    widget.observe(between, "history")
    widget.generate().result(PATIENCE)
    asking.join(PATIENCE)
    (state,) = told
    assert state["round"]["index"] == len(state["history"]) - 1 == 1
    assert state["status"]["message"].startswith("Round 2")


# ---- Stop --------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 4])
def test_stop_ends_the_round_within_a_step(
    widget: FabricWidget, front: Front, studio: Studio, session: Session, step: int
) -> None:
    hold = studio.hold(step)
    widget.generate()
    hold.wait()
    assert front.call("cancel")["type"] == "answer"  # before the step is done
    assert front.status["phase"] == "stopping"
    hold.release()
    status = front.wait_phase("idle")
    assert studio.taken == step
    assert status["message"] == f"Stopped after {step} of 4 steps."
    assert status["error"] is None
    assert session.turns == ()
    assert (status["eta"], status["rate"], status["again"]) == (None, None, "")


@pytest.mark.usefixtures("widget")
def test_stop_drops_what_is_pending(front: Front, studio: Studio) -> None:
    hold = studio.hold(1)
    front.call("generate", controls=controls(), votes={})
    hold.wait()
    front.call("generate", controls=controls(), votes={})
    assert front.status["pending"]
    front.call("cancel")
    assert not front.status["pending"]
    hold.release()
    front.wait_phase("idle")
    assert len(studio.requests) == 1


@pytest.mark.usefixtures("clock")
def test_stop_drops_a_round_that_a_vote_asked_for(
    widget: FabricWidget, front: Front, studio: Studio
) -> None:
    widget.generate().result()
    front.set(votes={names(front)[0]: 1})
    assert front.status["pending"]
    front.call("cancel")
    assert not front.status["pending"]
    assert front.status["phase"] == "ready"
    assert len(studio.requests) == 1


def test_stop_while_the_model_loads(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fabric_widget.zoo import tiny

    loading, go = threading.Event(), threading.Event()

    def load() -> Any:
        loading.set()
        assert go.wait(PATIENCE)
        return tiny.pipeline()

    monkeypatch.setattr("fabric_widget.demo.load_demo", load)
    widget = make(None)
    front.call("hello")
    assert loading.wait(PATIENCE)
    assert front.status["phase"] == "loading"
    front.call("generate", controls=controls(), votes={})
    assert front.status["phase"] == "loading"
    front.call("cancel")
    assert front.status["phase"] == "stopping"
    go.set()
    status = front.wait_phase("idle")
    assert status["message"] == "Stopped before the first step."
    assert front.state["info"]["loaded"]
    assert front.state["info"]["title"] == "StableDiffusionPipeline"
    assert widget.session.turns == ()


def test_what_needs_the_model_waits_for_it(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fabric_widget.zoo import tiny

    go = threading.Event()

    def load() -> Any:
        assert go.wait(PATIENCE)
        return tiny.pipeline()

    monkeypatch.setattr("fabric_widget.demo.load_demo", load)
    make(None)
    request = front.ask("upload", [png(flat(1, 9))], names=["one.png"])
    go.set()
    answer, _ = front.answer(request)
    assert front.state["votes"] == {answer["added"][0]: 1.0}


def test_stop_when_nothing_runs_is_nothing(widget: FabricWidget, front: Front) -> None:
    front.call("cancel")
    assert front.status["phase"] == "idle"
    widget.generate().result()
    front.call("cancel")
    assert front.status["phase"] == "ready"

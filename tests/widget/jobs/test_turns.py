"""Widgets on one pipeline take turns: one waits, says so, can be stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

import pytest

from fabric_widget.engine import Fabric, GenerationCancelled, PipelineBusy, Progress
from fabric_widget.session import Session
from fabric_widget.widget.jobs.turns import WAITING
from fabric_widget.zoo import tiny
from tests.widget.fakes import PATIENCE, Front

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget

STEPS: dict[str, Any] = {"num_inference_steps": 2}


class Occupied:
    """A run of the pipeline in another thread, which ends when it is told to."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._inside, self._end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        def hold(progress: Progress) -> None:
            if progress.step == 1:
                self._inside.set()
                assert self._end.wait(PATIENCE)

        self.made = Fabric(self._pipe)("a cat", num_images=1, on_step=hold, **STEPS)

    def __enter__(self) -> Self:
        self.thread.start()
        assert self._inside.wait(PATIENCE)
        return self

    def end(self) -> None:
        self._end.set()
        self.thread.join(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self.end()


@pytest.fixture
def pipe() -> Any:
    return tiny.pipeline()


def test_a_round_waits_for_another_run_and_says_so(
    pipe: Any, make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(Session(Fabric(pipe)), steps=2)
    with Occupied(pipe) as other:
        outcome = widget.generate()
        front.wait(lambda: front.status["message"] == WAITING)
        assert front.status["phase"] == "running"
        other.end()
        assert len(outcome.result(PATIENCE)) == 2
    told = [status["message"] for status in front.statuses]
    assert told[told.index(WAITING) + 1] == "Making pictures."


def test_a_waiting_round_can_be_stopped_and_the_other_run_goes_on(
    pipe: Any, make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(Session(Fabric(pipe)), steps=2)
    with Occupied(pipe) as other:
        outcome = widget.generate()
        front.wait(lambda: front.status["message"] == WAITING)
        widget.cancel()
        with pytest.raises(GenerationCancelled):
            outcome.result(PATIENCE)
        front.wait_phase("idle")
        other.end()
        assert len(other.made) == 1


def test_stopping_a_waiting_round_does_not_stop_that_of_a_shared_fabric(
    pipe: Any, make: Callable[..., FabricWidget], front: Front
) -> None:
    fabric = Fabric(pipe)
    widget = make(Session(fabric), steps=2)
    released = threading.Event()

    def hold(progress: Progress) -> None:
        if progress.step == 1:
            outcomes.append(widget.generate())
            front.wait(lambda: front.status["message"] == WAITING)
            widget.cancel()
            front.wait_phase("idle")
            released.set()

    outcomes: list[Any] = []
    assert len(fabric("a cat", num_images=1, on_step=hold, **STEPS)) == 1
    assert released.is_set()
    with pytest.raises(GenerationCancelled):
        outcomes[0].result(PATIENCE)


def test_a_direct_call_still_fails_at_once(pipe: Any) -> None:
    with Occupied(pipe), pytest.raises(PipelineBusy):
        Fabric(pipe)("a cat", num_images=1, **STEPS)

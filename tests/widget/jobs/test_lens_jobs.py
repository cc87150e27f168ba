"""The lens: a job in the same queue, told and stopped like a round, kept for a while."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine import GenerationCancelled
from fabric_widget.session import Session
from fabric_widget.widget import FabricWidget
from fabric_widget.widget.jobs.context import WidgetContext
from fabric_widget.widget.jobs.lens_jobs import NOTHING, LensJobs, LensResult
from tests.widget.fakes import PATIENCE, Front, Studio, flat
from tests.widget.influence import random_influence

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.engine import Influence


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let sessions look by making the picture in the studio; return the ids that they looked at."""
    looked: list[str] = []

    def look(self: Session, picture: Any, *, on_step: Any = None, **_: Any) -> Influence | None:
        self.fabric(
            picture.prompt,
            num_images=1,
            seed=picture.seed,
            on_step=on_step,
        )
        looked.append(picture.id)
        (turn,) = [turn for turn in self.turns if picture in turn.round.images]
        return random_influence({vote.id: vote.strength for vote in turn.votes})

    monkeypatch.setattr(Session, "look", look, raising=False)
    return looked


@pytest.fixture
def shaped(widget: FabricWidget, front: Front) -> list[str]:
    """Make a round, like and dislike, make another; return the names of its pictures."""
    widget.auto = False
    widget.generate().result(PATIENCE)
    widget.like(0)
    widget.dislike(1)
    widget.generate().result(PATIENCE)
    front.wait_phase("ready")
    front.forget()
    return [image["id"] for image in front.state["round"]["images"]]


def looked(front: Front) -> list[dict[str, Any]]:
    """Return what was told about looks that ended."""
    return [content for content, _ in front.custom("looked")]


def finish(front: Front, count: int = 1) -> None:
    """Wait until so many looks have ended, and their job with them."""
    front.wait(lambda: len(looked(front)) == count)


def test_a_look_is_told_step_by_step_and_leaves_the_session_alone(
    front: Front, shaped: list[str], session: Session, looks: list[str]
) -> None:
    before = (session.turns, session.strengths, session.undoable, front.state["seed"])
    answer = front.call("look", id=shaped[1])
    assert (answer["lens"], answer["making"]) == (None, True)
    finish(front)
    assert looked(front) == [{"type": "looked", "id": shaped[1], "made": True}]
    running = [status for status in front.statuses if status["phase"] == "running"]
    assert {status["message"] for status in running} == {"Looking at picture 2 of round 2."}
    assert {(status["count"], status["look"]) for status in running} == {(0, shaped[1])}
    assert (running[-1]["step"], running[-1]["steps"]) == (4, 4)
    status = front.wait_phase("ready")
    assert status["message"] == "The lens of picture 2 of round 2 is ready."
    assert [name[:12] for name in looks] == [shaped[1]]
    assert before == (session.turns, session.strengths, session.undoable, front.state["seed"])


def test_the_second_look_is_answered_at_once_with_the_maps(
    front: Front, shaped: list[str], looks: list[str]
) -> None:
    front.call("look", id=shaped[0])
    finish(front)
    answer, buffers = front.answer(front.ask("look", id=shaped[0]))
    assert len(looks) == 1
    assert answer["making"] is False
    assert answer["lens"]["steps"] == 4
    assert [one["strength"] for one in answer["lens"]["references"]] == [1.0, -1.0]
    levels, parts = len(answer["lens"]["levels"]), len(answer["lens"]["parts"])
    assert len(buffers) == (1 + levels) * (1 + parts)
    place, (data,) = front.answer(
        front.ask("look_at", id=shaped[0], reference=1, level=None, part=0)
    )
    finest = answer["lens"]["levels"][0]
    cells = finest["rows"] * finest["columns"] * place["rows"] * place["columns"]
    assert memoryview(data).nbytes == cells


def test_a_picture_that_no_vote_shaped_says_so_without_a_run(
    widget: FabricWidget, front: Front, studio: Studio
) -> None:
    widget.generate().result(PATIENCE)
    runs = len(studio.requests)
    answer = front.call("look", id=front.state["round"]["images"][0]["id"])
    assert (answer["lens"], answer["making"]) == (None, False)
    assert front.status["notice"]["text"] == NOTHING
    assert len(studio.requests) == runs
    assert widget.look(0).result(PATIENCE) is None


@pytest.mark.parametrize("found", [None, random_influence({})])
def test_a_look_that_finds_no_reference_says_so(
    front: Front, shaped: list[str], monkeypatch: pytest.MonkeyPatch, found: Influence | None
) -> None:
    monkeypatch.setattr(Session, "look", lambda *_, **__: found)
    front.call("look", id=shaped[0])
    finish(front)
    assert looked(front)[0]["made"] is False
    assert front.status["notice"]["text"] == NOTHING


def test_only_pictures_of_rounds_can_be_looked_into(
    widget: FabricWidget, front: Front, shaped: list[str], session: Session
) -> None:
    mine = widget.add(flat(3, 9))
    assert "only pictures of a round" in front.call("look", id=mine)["message"]
    while session.undo():
        pass
    assert "only pictures of a round" in front.call("look", id=shaped[0])["message"]
    assert front.status["phase"] != "running"


@pytest.mark.parametrize("step", [1, 3])
def test_stop_ends_a_look_within_a_step(
    widget: FabricWidget, front: Front, studio: Studio, shaped: list[str], step: int
) -> None:
    hold = studio.hold(step)
    taken = studio.taken
    front.call("look", id=shaped[0])
    hold.wait()
    front.call("cancel")
    assert front.status["phase"] == "stopping"
    hold.release()
    finish(front)
    status = front.wait_phase("ready")
    assert studio.taken - taken == step
    assert status["message"] == f"Stopped after {step} of 4 steps."
    assert (status["error"], status["look"]) == (None, "")
    assert looked(front) == [{"type": "looked", "id": shaped[0], "made": False}]
    assert not widget._lens_jobs._kept


def test_an_error_is_told_as_an_error_of_the_widget(
    front: Front, studio: Studio, shaped: list[str]
) -> None:
    studio.failure = RuntimeError("the lens is cracked")
    front.call("look", id=shaped[0])
    finish(front)
    status = front.wait_phase("error")
    assert status["error"]["message"] == "the lens is cracked"
    assert status["message"] == "The lens failed."
    assert looked(front)[0]["made"] is False
    front.call("look", id=shaped[0])
    finish(front, 2)
    assert looked(front)[1]["made"] is True


def test_a_look_waits_for_a_round_and_takes_no_rounds_place(
    widget: FabricWidget, front: Front, studio: Studio, shaped: list[str], session: Session
) -> None:
    hold = studio.hold(2)
    widget.generate()
    hold.wait()
    waiting = widget.generate()
    assert front.call("look", id=shaped[0])["making"] is True
    assert front.status["pending"] is True
    replaced = front.call("look", id=shaped[1])
    assert replaced["making"] is True
    hold.release()
    assert len(waiting.result(PATIENCE)) == 2
    finish(front)
    assert len(session.turns) == 4
    assert [one["id"] for one in looked(front)] == [shaped[1]], "the last wish counts"
    front.wait_phase("ready")


def test_a_vote_during_a_look_brings_its_round_afterwards(
    widget: FabricWidget,
    front: Front,
    studio: Studio,
    shaped: list[str],
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(widget._actions, "_debounce", 0.0)
    hold = studio.hold(1)
    front.call("look", id=shaped[0])
    hold.wait()
    widget.auto = True
    widget.like(1)
    hold.release()
    finish(front)
    front.wait(lambda: len(front.state["history"]) == 3)
    front.wait_phase("ready")
    assert looked(front)[0]["made"] is True, "a run that a person asked for is not taken away"
    assert len(session.turns) == 3


def test_python_gets_what_was_seen(widget: FabricWidget, shaped: list[str]) -> None:
    outcome = widget.look(1)
    assert outcome.result(PATIENCE).references
    assert widget.look(shaped[1]).result(PATIENCE) is outcome.result()
    with pytest.raises(ValueError, match="only pictures of a round"):
        widget.look(flat(1, 9))


def test_without_threads_a_look_is_done_in_place(
    front: Front, make: Callable[..., FabricWidget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FabricWidget, "_threads", False)
    widget = make(auto=False)
    widget.generate()
    widget.like(0)
    widget.generate()
    name = front.state["round"]["images"][0]["id"]
    assert front.call("look", id=name)["making"] is True
    assert [one["made"] for one in looked(front)] == [True]
    assert front.call("look", id=name)["lens"] is not None


def test_what_is_not_kept_any_more_is_said(front: Front, shaped: list[str]) -> None:
    answer = front.call("look_at", id=shaped[0], reference=0, level=0, part=None)
    assert answer["type"] == "failed"
    assert "open its lens again" in answer["message"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), min_size=1, max_size=30),
    st.integers(1, 4),
)
def test_what_is_kept_is_bounded_in_number_and_bytes(
    seen: list[tuple[str, int]], most: int
) -> None:
    nothing: Any = None
    context = WidgetContext(nothing, nothing, nothing, nothing)
    lens_jobs = LensJobs(context, nothing, most=most, capacity=100)
    sizes: dict[str, int] = {}
    for name, nbytes in seen:
        influence: Any = SimpleNamespace(nbytes=nbytes)
        lens_jobs._keep(name, LensResult(influence, 4))
        sizes[name] = nbytes
        held = [one for one in sizes if lens_jobs.kept(one) is not None]
        assert name in held
        assert len(held) <= most
        assert len(held) == 1 or sum(sizes[one] for one in held) <= 100


def test_a_closed_widget_keeps_nothing(widget: FabricWidget, shaped: list[str]) -> None:
    identity = next(name for name in widget.session.pictures if name.startswith(shaped[0]))
    widget.look(0).result(PATIENCE)
    assert widget._lens_jobs.kept(identity) is not None
    widget.close()
    assert widget._lens_jobs.kept(identity) is None


def test_a_dropped_look_ends_its_future(
    widget: FabricWidget, studio: Studio, shaped: list[str]
) -> None:
    assert shaped
    hold = studio.hold(1)
    running = widget.look(0)
    hold.wait()
    running.cancel()
    hold.release()
    with pytest.raises(GenerationCancelled):
        running.result(PATIENCE)

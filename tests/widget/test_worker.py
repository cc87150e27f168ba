"""Clicks and votes become rounds: one at a time, none lost, none twice."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabric_widget.session import Session
from tests.widget.fakes import PATIENCE, Clock, Front, Studio, controls, flat, png, votes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget

from tests.widget.counting import names

# ---- clicks ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("widget")
def test_clicks_while_a_round_is_made_become_one_more_round(front: Front, studio: Studio) -> None:
    hold = studio.hold(2)
    front.call("generate", controls=controls(prompt="first"), votes={})
    hold.wait()
    for prompt in ("second", "third"):
        answer = front.call("generate", controls=controls(prompt=prompt, seed=9), votes={})
        assert answer["type"] == "answer"
        assert front.status["pending"]
        assert front.status["phase"] == "running"
    hold.release()
    front.wait(lambda: len(front.state["history"]) == 2)
    front.wait_phase("ready")
    assert [request["prompt"] for request in studio.requests] == ["first", "third"]
    assert [status["job"] for status in front.statuses][-1] == 2


@pytest.mark.usefixtures("widget")
def test_two_clicks_at_once_make_two_rounds(front: Front, studio: Studio) -> None:
    clicks = [
        threading.Thread(target=front.call, args=("generate",), kwargs={"controls": c, "votes": {}})
        for c in (controls(seed=0), controls(seed=5))
    ]
    hold = studio.hold(1)
    for click in clicks:
        click.start()
    for click in clicks:
        click.join(PATIENCE)
    hold.release()
    front.wait(lambda: len(front.state["history"]) == 2)
    assert {request["seed"] for request in studio.requests} == {0, 5}


# ---- votes -------------------------------------------------------------------------------------


def after_debounce(widget: FabricWidget, clock: Clock) -> None:
    """Let as much time pass as votes are waited for."""
    clock.now += widget._debounce
    widget._worker.wake()


def test_votes_start_one_round_when_they_have_settled(
    widget: FabricWidget, front: Front, studio: Studio, clock: Clock
) -> None:
    widget.generate().result()
    first, second = names(front)
    front.set(votes={first: 1})
    clock.now += widget._debounce * 0.9
    widget._worker.wake()
    front.set(votes={first: 1, second: -1})
    clock.now += widget._debounce * 0.9
    widget._worker.wake()
    assert front.status["pending"]
    assert widget._worker.current is None
    after_debounce(widget, clock)
    front.wait(lambda: len(front.state["history"]) == 2)
    front.wait_phase("ready")
    assert len(studio.requests) == 2
    assert front.state["round"]["votes"] == {first: 1, second: -1}


def test_votes_are_waited_for_longer_while_a_person_looks_for_words(
    widget: FabricWidget, front: Front, clock: Clock
) -> None:
    widget.generate().result()
    front.post({"type": "wait"})
    assert not front.status["pending"], "nothing is waited for"
    front.set(votes={names(front)[0]: 1})
    for _ in range(3):
        clock.now += widget._debounce * 0.9
        front.post({"type": "wait"})
        widget._worker.wake()
    assert front.status["pending"]
    assert widget._worker.current is None
    after_debounce(widget, clock)
    front.wait(lambda: len(front.state["history"]) == 2)


@pytest.mark.usefixtures("clock")
def test_no_round_starts_by_itself_when_that_is_off_or_before_the_first(
    widget: FabricWidget, front: Front
) -> None:
    front.call("upload", [png(flat(3, 9))], names=["x.png"])
    assert not front.status["pending"]
    widget.generate().result()
    front.set(auto=False)
    front.set(votes={names(front)[0]: 1})
    assert not front.status["pending"]


@pytest.mark.usefixtures("clock")
def test_what_the_kernel_writes_starts_nothing(
    widget: FabricWidget, front: Front, counted: list[dict[str, float]]
) -> None:
    widget.generate().result()
    front.set(votes={names(front)[0]: 1})
    front.call("undo")
    assert front.state["votes"] == {}
    assert not front.status["pending"]
    front.call("redo")
    front.call("branch", round=0)
    assert not front.status["pending"]
    front.set(votes={})  # an echo
    assert not front.status["pending"]
    assert len(counted) == 2  # the vote, and the branch that takes it back


def test_a_click_has_the_votes_so_they_start_no_second_round(
    widget: FabricWidget, front: Front, studio: Studio, clock: Clock
) -> None:
    widget.generate().result()
    first, _ = names(front)
    front.set(votes={first: 1})
    front.call("generate", controls=controls(seed=2), votes={first: 1})
    front.set(votes={first: 1})  # and one that comes late
    front.wait(lambda: len(front.state["history"]) == 2)
    after_debounce(widget, clock)
    front.wait_phase("ready")
    assert len(studio.requests) == 2


@pytest.mark.parametrize(("step", "restarts"), [(2, True), (4, False)])
def test_a_vote_during_a_round_that_votes_asked_for(
    widget: FabricWidget, front: Front, studio: Studio, clock: Clock, step: int, *, restarts: bool
) -> None:
    studio.steps = 6
    widget.generate().result()
    first, second = names(front)
    front.set(votes={first: 1})
    hold = studio.hold(step)
    after_debounce(widget, clock)
    hold.wait()
    front.set(votes={first: 1, second: 1})
    after_debounce(widget, clock)
    hold.release()
    front.wait(lambda: len(studio.requests) == 3 and not front.status["pending"])
    front.wait_phase("ready")
    assert [len(request["liked"]) for request in studio.requests] == [0, 1, 2]
    assert len(front.state["history"]) == (2 if restarts else 3)
    assert front.status["error"] is None


def test_a_vote_during_a_round_that_a_person_asked_for_takes_nothing_away(
    widget: FabricWidget, front: Front, studio: Studio, clock: Clock
) -> None:
    widget.generate().result()
    hold = studio.hold(1)
    front.call("generate", controls=controls(seed=2), votes={})
    hold.wait()
    front.set(votes={names(front)[0]: 1})
    after_debounce(widget, clock)
    hold.release()
    front.wait(lambda: len(front.state["history"]) == 3)
    assert [len(request["liked"]) for request in studio.requests] == [0, 0, 1]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["set", "set again", "click", "like", "undo", "redo", "clear", "poll"]),
        st.dictionaries(st.integers(0, 1), st.sampled_from([-2.0, -0.5, 1.0, 2.0]), max_size=2),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTS)
@pytest.mark.usefixtures("clock")
def test_a_vote_reaches_the_session_exactly_once(
    make: Callable[..., FabricWidget], front: Front, actions: list[tuple[str, dict[int, float]]]
) -> None:
    """Whatever else comes between: the same acts told to a plain session leave the same line."""
    session, plain = (Session(Studio()) for _ in range(2))  # type: ignore[arg-type]
    widget = make(session)
    widget.generate().result()
    plain.generate("", num_images=2, seed=0)
    ids = [image.id for image in plain.rounds[0]]
    for act, marks in actions:
        if act in {"set", "set again"}:
            for _ in range(1 + (act == "set again")):
                front.set(votes={ids[i][:12]: mark for i, mark in marks.items()})
            plain.vote({ids[i]: mark for i, mark in marks.items()})
        elif act == "click":
            votes = {ids[i][:12]: mark for i, mark in marks.items()}
            seed = widget.seed
            carried = controls(seed=seed)
            front.state.update(carried, votes=votes)  # as it is shown there
            front.call("generate", controls=carried, votes=votes)
            front.wait(lambda: len(front.state["history"]) == len(plain.turns) + 1)
            front.wait_phase("ready")
            plain.vote({ids[i]: mark for i, mark in marks.items()})
            plain.generate("a fox", num_images=2, seed=seed)
        elif act == "like":
            for i, mark in marks.items():
                widget.like(ids[i][:12], mark)
                plain.like(plain.rounds[0][i], mark)
        elif act == "clear":
            widget.clear()
            plain.clear()
        elif act == "poll":
            front.call("poll", seen=0, round=-1)
        elif getattr(session, f"{act}able") == "vote":
            front.call(act)
            getattr(plain, act)()
        assert list(session.strengths.items()) == list(plain.strengths.items())
        assert (session.undoable, session.redoable) == (plain.undoable, plain.redoable)
    assert front.state["votes"] == votes_of(session) == widget.votes
    revisions = [status["revision"] for status in front.statuses]
    assert all(a < b for a, b in itertools.pairwise(revisions))
    told = front.reload()
    assert {name: told[name] for name in front.state} == front.state
    widget.close()
    front.state.clear()
    front.forget()


# ---- the status --------------------------------------------------------------------------------


def test_a_status_is_told_ten_times_a_second_at_most_the_last_always(
    widget: FabricWidget, front: Front, studio: Studio, clock: Clock
) -> None:
    studio.steps = 100
    first = studio.hold(1)
    widget.generate()
    first.wait()
    seen = len(front.statuses)
    ticking = [studio.hold(step) for step in range(2, 101)]
    first.release()
    for hold in ticking:
        hold.wait()
        clock.now += 0.03
        hold.release()
    front.wait_phase("ready")
    steps = [status["step"] for status in front.statuses[seen:] if status["phase"] == "running"]
    assert steps[-1] == 100
    assert len(steps) <= 100 * 0.03 / 0.1 + 2
    assert len(steps) > 20
    running = front.statuses[seen + 10]
    left = running["steps"] - running["step"]
    assert running["eta"] == pytest.approx(0.03 * left, abs=0.1)
    assert running["rate"] == pytest.approx(2 / 3, abs=0.01)
    assert (running["count"], running["job"]) == (2, 1)


def test_the_first_status_of_a_click_is_told_before_its_answer(
    widget: FabricWidget, front: Front, studio: Studio
) -> None:
    assert widget.status["phase"] == "idle"
    hold = studio.hold(1)
    front.call("generate", controls=controls(num_images=3, width=64, height=128), votes={})
    said = [
        data.get("content", {}).get("type") or data["state"]["status"]["phase"]
        for _, data, _ in front.said
        if data.get("method") == "custom" or "status" in (data.get("state") or {})
    ]
    hold.wait()
    assert said.index("running") < said.index("answer")
    now = front.status
    assert (now["count"], now["width"], now["height"], now["step"]) == (3, 64, 128, 0)
    hold.release()
    front.wait_phase("ready")

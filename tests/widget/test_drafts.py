"""Drafts, finished and enlarged pictures in the widget: from Python and by messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.engine import Fabric, GenerationCancelled
from fabric_widget.session import Session
from fabric_widget.zoo import tiny
from tests.widget.fakes import PATIENCE, Front

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget


@pytest.fixture
def drafted(make: Callable[..., FabricWidget]) -> FabricWidget:
    """Return a widget that shows a round of drafts."""
    widget = make(Session(Fabric(tiny.pipeline())), prompt="abc", steps=6, auto=False)
    widget.draft().result(PATIENCE)
    return widget


def test_a_round_of_drafts_has_three_times_the_pictures_in_a_third_of_the_steps(
    drafted: FabricWidget, front: Front
) -> None:
    assert len(drafted.round) == 3 * drafted.num_images
    assert drafted.round.settings["num_inference_steps"] == 2
    assert front.state["round"]["kind"] == front.state["history"][0]["kind"] == "drafts"
    assert front.status["message"] == "Round 1 is ready: 6 drafts."
    assert (drafted.steps, drafted.num_images) == (6, 2)  # the controls stay


def test_there_are_at_most_sixteen_drafts(make: Callable[..., FabricWidget]) -> None:
    widget = make(Session(Fabric(tiny.pipeline())), steps=3, num_images=9)
    assert len(widget.draft().result(PATIENCE)) == 16


def test_finishing_a_draft_takes_over_its_votes(drafted: FabricWidget, front: Front) -> None:
    name = drafted.like(1, aspect="colors")
    seed = drafted.round[1].seed
    (made,) = drafted.finish(1).result(PATIENCE)
    assert (made.seed, made.settings["num_inference_steps"]) == (seed, 6)
    assert front.state["round"]["kind"] == "finished"
    assert front.state["votes"] == {f"{front.state['round']['images'][0]['id']}:colors": 1.0}
    assert f"{name}:colors" not in drafted.votes
    drafted.undo()
    assert front.state["round"]["kind"] == "drafts"
    assert drafted.votes == {f"{name}:colors": 1.0}
    assert (drafted.steps, drafted.num_images) == (6, 2)


def test_an_enlarged_picture_is_twice_as_large_and_the_controls_stay(
    drafted: FabricWidget, front: Front
) -> None:
    before = drafted.width, drafted.height
    size = drafted.round[0].image.size
    (made,) = drafted.enlarge(0).result(PATIENCE)
    assert made.image.size == (2 * size[0], 2 * size[1])
    assert front.state["round"]["kind"] == "enlarged"
    assert (drafted.width, drafted.height) == before
    drafted.undo()
    drafted.redo()
    assert (drafted.width, drafted.height) == before
    for act in (drafted.again, drafted.finish, drafted.enlarge):
        with pytest.raises(ValueError, match="an enlarged picture cannot be made once more"):
            act(0)


def test_stop_stops_a_picture_that_is_being_enlarged(drafted: FabricWidget, front: Front) -> None:
    drafted.steps = 150
    drafted.draft().result(PATIENCE)  # the second pass has half the steps of a finished picture
    outcome = drafted.enlarge(0)
    front.wait(lambda: front.status["phase"] == "running" and front.status["step"] >= 1)
    front.call("cancel")
    with pytest.raises(GenerationCancelled):
        outcome.result(PATIENCE)
    assert front.state["round"]["kind"] == "drafts"


def test_what_is_no_draft_cannot_be_finished(drafted: FabricWidget) -> None:
    drafted.finish(0).result(PATIENCE)
    with pytest.raises(ValueError, match="it is finished already"):
        drafted.finish(0)


def test_the_page_asks_for_drafts_and_finishes_and_enlarges_them(
    drafted: FabricWidget, front: Front
) -> None:
    def ask(kind: str, **fields: Any) -> None:
        rounds = len(drafted.history)
        front.call(kind, **fields)
        front.wait(lambda: len(front.state["history"]) > rounds)

    ask("draft", controls={"steps": 3}, votes={})
    assert front.state["history"][-1]["kind"] == "drafts"
    draft = front.state["round"]["images"][0]["id"]
    ask("finish", id=draft)
    assert front.state["history"][-1]["kind"] == "finished"
    ask("enlarge", id=draft)
    assert front.state["history"][-1]["kind"] == "enlarged"
    assert "no picture here is called" in front.call("finish", id="nobody")["message"]

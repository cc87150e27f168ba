"""FabricWidget from Python: made, set, asked for rounds, voted on."""

from __future__ import annotations

import asyncio
import inspect
import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets
from PIL import Image

from fabric_widget.engine import BadReference, Schedule
from fabric_widget.session import Session
from fabric_widget.widget import FabricWidget
from fabric_widget.widget.arguments import KEYWORDS
from fabric_widget.zoo import tiny
from tests.widget.fakes import Clock, Front, Studio, controls, flat, votes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_new_widget_loads_nothing_and_reads_no_model() -> None:
    code = (
        "import sys; from fabric_widget.widget import FabricWidget; w = FabricWidget(prompt='x');"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules);"
        "assert w.info['loaded'] is False; assert w.status['phase'] == 'idle'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  (our own words)


@pytest.mark.parametrize("wrong", [3, "stable-diffusion", object(), Image.new("RGB", (1, 1))])
def test_what_makes_no_pictures_is_refused_at_once(wrong: object) -> None:
    with pytest.raises(
        TypeError, match="give a diffusers pipeline, a Fabric, a DistributedFabric, a Session"
    ):
        FabricWidget(wrong)


def test_a_pipeline_a_fabric_and_a_session_will_do(make: Callable[..., FabricWidget]) -> None:
    from fabric_widget.engine import Fabric

    pipe = tiny.pipeline()
    fabric = Fabric(pipe)
    session = Session(fabric)
    made: Any = make(pipe, cache_bytes=0).session.fabric
    assert made.pipe is pipe
    assert make(fabric).session.fabric is fabric
    assert make(session).session is session
    with pytest.raises(TypeError, match="cache_bytes is for making a Fabric"):
        make(fabric, cache_bytes=0)


def test_an_unknown_keyword_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(TypeError, match=r"no keyword promt: did you mean prompt\?.*num_images"):
        FabricWidget(promt="x")


def test_every_keyword_is_one_that_editors_complete() -> None:
    parameters = inspect.signature(FabricWidget).parameters.values()
    assert [p.name for p in parameters if p.kind is p.KEYWORD_ONLY] == list(KEYWORDS)


def test_controls_that_are_given_are_those_of_the_widget(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    given = controls(prompt="a bear", negative_prompt="rain", num_images=3, seed=7, lock_seed=True)
    given |= {"steps": 9, "guidance": 5, "width": 128, "height": 64, "strength": 1.5}
    given |= {"start": 0.5, "end": 0.25, "dislike_scale": 1, "normalize": False, "auto": False}
    make(**given)
    assert {name: front.state[name] for name in given} == given


@pytest.mark.parametrize(
    "wrong", [{"prompt": "x" * 10_001}, {"steps": "ten"}, {"seed": None}, {"votes": {"x": "y"}}]
)
def test_a_wrong_value_is_refused(make: Callable[..., FabricWidget], wrong: dict[str, Any]) -> None:
    with pytest.raises(traitlets.TraitError):
        make(**wrong)


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5])
def test_batches_have_at_least_one_picture(wrong: Any) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        FabricWidget(batch_size=wrong)


def test_controls_of_a_page_stay_in_their_ranges(widget: FabricWidget, front: Front) -> None:
    front.set(num_images=40, strength=5.0, width=70, seed=-3)
    assert (widget.num_images, widget.strength, widget.width, widget.seed) == (16, 2.0, 72, 0)
    assert front.state["width"] == 72
    assert len(front.status["notice"]["text"].splitlines()) == 4
    widget.prompt = "a\x00 fox\x1b[31m\ud800\n"
    assert widget.prompt == "a fox[31m\n"
    assert "control characters" in front.status["notice"]["text"]


@pytest.mark.parametrize("name", ["status", "round", "history", "uploads", "presets", "info"])
def test_what_the_kernel_tells_cannot_be_set(widget: FabricWidget, name: str) -> None:
    with pytest.raises(traitlets.TraitError):
        setattr(widget, name, getattr(widget, name))


def test_a_round_from_python(widget: FabricWidget, front: Front, studio: Studio) -> None:
    widget.prompt = "a bear"
    made = widget.generate().result()
    assert widget.round is made
    assert [turn.round for turn in widget.history] == [made]
    assert studio.requests[0]["prompt"] == "a bear"
    assert front.state["round"]["index"] == 0
    assert bytes(front.state["round"]["images"][0]["data"])
    assert front.status["phase"] == "ready"
    assert (widget.seed, front.state["seed"]) == (2, 2)


def test_a_round_can_be_awaited(widget: FabricWidget) -> None:
    async def wait() -> Any:
        return await widget.generate()

    assert asyncio.run(wait()) is widget.round


def test_an_awaiting_task_that_is_cancelled_stops_the_round(
    widget: FabricWidget, front: Front, studio: Studio
) -> None:
    hold = studio.hold(2)

    async def wait() -> None:
        task = asyncio.ensure_future(asyncio.wait_for(widget.generate(), None))
        await asyncio.to_thread(hold.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(wait())
    hold.release()
    front.wait_phase("idle")
    assert studio.taken == 2


def test_votes_from_python_count_like_a_persons(
    widget: FabricWidget, front: Front, clock: Clock
) -> None:
    del clock
    widget.generate().result()
    name = widget.like(0, 0.5)
    assert widget.votes == front.state["votes"] == votes_of(widget.session) == {name: 0.5}
    assert front.status["pending"]
    other = widget.dislike(widget.round[1])
    assert widget.votes == {name: 0.5, other: -1.0}
    assert widget.like(name) == name  # by its name
    assert widget.votes == {other: -1.0, name: 1.0}
    widget.clear(1)
    assert widget.votes == {name: 1.0}
    widget.votes = {other: 2}
    assert votes_of(widget.session) == {other: 2.0}
    widget.clear()
    assert widget.votes == front.state["votes"] == {}


def test_votes_for_strangers_are_dropped_and_the_others_count(
    widget: FabricWidget, front: Front
) -> None:
    widget.auto = False
    widget.generate().result()
    known = front.state["round"]["images"][0]["id"]
    front.set(votes={"stranger": 1, known: 0.5, "0" * 12: -1})
    assert widget.votes == front.state["votes"] == votes_of(widget.session) == {known: 0.5}
    assert "stranger" in front.status["notice"]["text"]
    with pytest.raises(IndexError):
        widget.like(7)
    with pytest.raises(BadReference):
        widget.like(0, 3)
    with pytest.raises(BadReference):
        widget.like("nowhere.png")
    assert votes_of(widget.session) == {known: 0.5}


def test_there_is_nothing_to_number_before_the_first_round(widget: FabricWidget) -> None:
    with pytest.raises(IndexError, match="no round yet"):
        widget.like(0)
    with pytest.raises(ValueError, match="no round yet"):
        widget.snapshot()


def test_pictures_of_ones_own(widget: FabricWidget, front: Front, tmp_path: Path) -> None:
    image = flat(5, 40)
    image.save(tmp_path / "own.png")
    name = widget.add(tmp_path / "own.png")
    assert widget.add(image) == name == widget.add(np.asarray(image))
    assert widget.votes == {name: 1.0}
    (upload,) = front.state["uploads"]
    assert (upload["id"], upload["name"]) == (name, "own.png")
    assert Image.open(io.BytesIO(upload["thumb"])).size == (40, 40)
    with pytest.raises(ValueError, match=r"what 7 bytes hold is not a picture"):
        widget.add(b"nothing")
    with pytest.raises(ValueError, match="made in this session"):
        widget.again(name)


def test_again_undo_redo_and_branch(widget: FabricWidget) -> None:
    widget.auto = False
    first = widget.generate().result()
    again = widget.again(1).result()
    assert [image.seed for image in again] == [1]
    assert widget.seed == 2
    assert widget.undo()
    assert widget.round is first
    assert widget.redo()
    assert widget.round is again
    widget.branch(0)
    assert widget.round is first
    assert len(widget.history) == 2
    with pytest.raises(ValueError, match="round 5"):
        widget.branch(5)
    while widget.undo():
        pass
    assert widget.round is None
    assert widget.status["phase"] == "idle"
    assert widget.seed == 0


def test_a_preset_sets_the_controls(widget: FabricWidget, front: Front) -> None:
    widget.apply_preset("As published")
    made = widget._view.controls().schedule()
    paper = Schedule.paper()
    assert [made.weight(i, 20) for i in range(20)] == [paper.weight(i, 20) for i in range(20)]
    assert made.shares([1, 1]) == paper.shares([1, 1])
    assert made.neg_scale == paper.neg_scale
    widget.strength = 1.25
    widget.save_preset("mine")
    widget.apply_preset("Balanced")
    assert (front.state["strength"], front.state["normalize"]) == (0.8, True)
    widget.apply_preset("mine")
    assert front.state["strength"] == 1.25
    widget.delete_preset("mine")
    with pytest.raises(ValueError, match="there is no preset 'mine'"):
        widget.apply_preset("mine")


def test_a_snapshot_shows_the_round(widget: FabricWidget) -> None:
    widget.auto = False
    widget.generate().result()
    before = widget.snapshot()
    widget.like(0)
    assert before.mode == "RGB"
    assert widget.snapshot().tobytes() != before.tobytes()


def test_observers_see_a_round_once_and_whole(widget: FabricWidget) -> None:
    seen = []
    widget.observe(lambda change: seen.append((change["new"], len(widget.history))), "round")
    made = widget.generate().result()
    assert seen == [(made, 1)]


def test_a_session_goes_on_in_a_new_widget(
    widget: FabricWidget, front: Front, make: Callable[..., FabricWidget]
) -> None:
    widget.auto = False
    widget.prompt, widget.steps, widget.strength = "a bear", 7, 0.25
    widget.generate().result()
    name = widget.like(1)
    told = front.reload()
    widget.close()
    other = make(widget.session, num_images=3)
    assert (other.prompt, other.steps, other.strength, other.seed) == ("a bear", 7, 0.25, 2)
    assert other.votes == {name: 1.0}
    assert other.num_images == 3
    assert other.status["phase"] == "ready"
    now = front.reload()
    assert now["round"] == told["round"]
    assert now["history"] == told["history"]
    assert len(other.generate().result()) == 3
    assert make(widget.session, prompt="a cat").prompt == "a cat"
    assert make(widget.session, steps=None).steps is None  # given, so not the session's


def test_a_session_beyond_the_ranges_goes_on_within_them(
    make: Callable[..., FabricWidget], widget: FabricWidget
) -> None:
    """Python may have asked for more steps than a page can set."""
    widget.session.generate("a bear", num_images=1, num_inference_steps=200)
    other = make(widget.session)
    assert (other.prompt, other.steps) == ("a bear", 150)


def test_python_learns_of_a_value_out_of_range_and_nothing_changes(
    widget: FabricWidget,
) -> None:
    for name, value in {"steps": 0, "width": 63, "guidance": -5.0, "num_images": 65}.items():
        before = getattr(widget, name)
        with pytest.raises(traitlets.TraitError, match=f"{name} is {value}: give "):
            setattr(widget, name, value)
        assert getattr(widget, name) == before
    with pytest.raises(
        traitlets.TraitError, match="strength of a vote is 3: give a number from -2 to 2"
    ):
        widget.votes = {"someone": 3}
    with pytest.raises(traitlets.TraitError, match="steps is 0"):
        FabricWidget(steps=0)

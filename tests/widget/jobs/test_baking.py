"""Keep this taste: a LoRA is learnt in the worker, and a failure leaves nothing behind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from fabric_widget import LoRASettings, TasteLoRA
from fabric_widget.engine import GenerationCancelled, waiting_for_pipeline
from fabric_widget.lora import NotEnoughVotes, shelf
from fabric_widget.zoo import tiny
from tests.widget.fakes import PATIENCE, controls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]

QUICK: dict[str, Any] = {"steps": 2, "guidance": 3.0, "auto": False}
LITTLE = LoRASettings(steps=4, rank=1, pictures=1, batch_size=2)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(shelf, "_met", {})
    return tmp_path / "home"


@pytest.fixture
def liked(make: Make) -> FabricWidget:
    """Return a widget with a round of two liked pictures, that learns little."""
    widget = make(tiny.pipeline(), prompt="abc", **QUICK)
    widget.generate().result(PATIENCE)
    widget.like(0)
    widget.like(1)
    return widget


def plain(widget: FabricWidget) -> np.ndarray:
    """Return a picture that the pipeline makes by itself."""
    with waiting_for_pipeline(
        lambda: True, lambda: None
    ):  # the worker may be looking for a subject
        made = widget.session.fabric("abc", num_images=1, seed=9, num_inference_steps=2)
    return np.asarray(made[0].image)


def test_a_taste_is_learnt_used_dialled_and_taken_off_by_undo(
    liked: FabricWidget, front: Front
) -> None:
    before = plain(liked)
    front.call("hello")
    front.forget()
    made = liked.bake("  red   ink ", settings=LITTLE).result(PATIENCE)
    assert isinstance(made, TasteLoRA)
    assert made.name == "red ink"
    (used,) = front.state["tastes"]
    assert used == {"id": made.digest[:12], "name": "red ink", "strength": 1.0}
    assert (front.status["undo"], front.status["bake"]) == ("lora", None)
    assert "red ink is kept" in front.status["message"]
    names = [status["bake"] for status in front.statuses if status["bake"]]
    assert {one["name"] for one in names} == {"red ink"}
    assert [one["enough"] for one in names] == sorted(one["enough"] for one in names)
    assert names[-1]["enough"]
    assert np.array_equal(plain(liked), before)  # the pipeline itself is as it was

    rows, thumbs = front.answer(front.ask("tastes"))
    assert rows["tastes"] == [
        {"id": made.digest[:12], "name": "red ink", "prompt": "abc", "thumbs": 3}
    ]
    assert [Image.open(io.BytesIO(bytes(one))).format for one in thumbs] == ["JPEG"] * 3
    assert front.call("use_taste", id=made.digest[:12], strength=0.5)["type"] == "answer"
    assert front.state["tastes"][0]["strength"] == 0.5
    assert liked.session.loras == {"red ink": 0.5}
    liked.undo()
    assert front.state["tastes"][0]["strength"] == 1.0
    liked.undo()
    assert front.state["tastes"] == []
    liked.redo()
    assert front.reload()["tastes"][0]["name"] == "red ink"
    liked.use_taste("red ink", 0)
    assert front.state["tastes"] == []
    assert [kept.name for kept in liked.kept_tastes] == ["red ink"]


def test_previews_come_as_it_learns(liked: FabricWidget, front: Front) -> None:
    front.call("hello")
    liked.bake("ink", settings=LITTLE, prompts=("a", "b", "c")).result(PATIENCE)
    shown = front.custom("taste")
    assert [len(buffers) for _, buffers in shown] == [3, 3, 3]
    assert all(content["prompts"] == ["a", "b", "c"] for content, _ in shown)
    steps = [content["step"] for content, _ in shown]
    assert steps == sorted(set(steps))


def test_nobody_looks_so_there_are_no_previews(liked: FabricWidget, front: Front) -> None:
    liked.bake("ink", settings=LITTLE).result(PATIENCE)
    assert front.custom("taste") == []


def test_the_page_asks_and_downloads_what_diffusers_reads(
    liked: FabricWidget,
    front: Front,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fabric_widget.lora.LoRASettings", lambda: LITTLE)
    said = front.call(
        "bake", name="ink", controls=controls(prompt="abc", **QUICK), votes=liked.votes
    )
    assert said["type"] == "answer", said
    front.wait(lambda: front.state["tastes"])
    (used,) = front.state["tastes"]
    told, (data,) = front.answer(front.ask("taste_file", id=used["id"]))
    assert told["name"] == "ink.safetensors"
    (tmp_path / "ink.safetensors").write_bytes(bytes(data))
    assert TasteLoRA.load(tmp_path / "ink.safetensors").digest[:12] == used["id"]
    assert front.call("delete_taste", id=used["id"])["tastes"] == []
    assert front.state["tastes"] == []  # taken off, too
    assert [one for one in home.rglob("*") if one.is_file()] == []
    assert "there is no taste" in front.call("taste_file", id=used["id"])["message"]


def test_a_name_that_no_file_can_have_is_refused(liked: FabricWidget, front: Front) -> None:
    asked = {"controls": controls(prompt="abc", **QUICK), "votes": liked.votes}
    assert "its file has the same name" in front.call("bake", name="a/b", **asked)["message"]
    with pytest.raises(ValueError, match="steps is 0"):
        liked.bake("ink", steps=0)
    assert liked._worker.current is None


@pytest.mark.parametrize("likes", [0, 1])
def test_few_likes_are_told_at_once(make: Make, front: Front, likes: int) -> None:
    widget = make(tiny.pipeline(), prompt="abc", **QUICK)
    widget.generate().result(PATIENCE)
    for index in range(likes):
        widget.like(index)
    with pytest.raises(NotEnoughVotes):
        widget.bake("ink")
    asked = {"controls": controls(prompt="abc", **QUICK), "votes": widget.votes}
    assert "learnt from 2 or more" in front.call("bake", name="ink", **asked)["message"]
    assert widget._worker.current is None


def test_stopped_in_the_middle_leaves_everything_as_before(
    liked: FabricWidget, front: Front, home: Path
) -> None:
    before, votes = plain(liked), dict(liked.votes)
    many = LoRASettings(steps=1000, rank=1, pictures=1, batch_size=2)
    outcome = liked.bake("ink", settings=many)
    front.wait(lambda: (front.status["bake"] or {}).get("enough"))
    assert front.call("cancel")["type"] == "answer"
    with pytest.raises(GenerationCancelled):
        outcome.result(PATIENCE)
    front.wait(lambda: front.status["phase"] == "ready")
    assert "Stopped after" in front.status["message"]
    assert (front.status["bake"], front.state["tastes"], front.status["error"]) == (None, [], None)
    assert (dict(liked.votes), liked.session.loras) == (votes, {})
    assert np.array_equal(plain(liked), before)
    assert [one for one in home.rglob("*") if one.is_file()] == []


def test_it_is_kept_as_it_is_before_the_last_step(liked: FabricWidget, front: Front) -> None:
    assert "nothing is learnt yet" in front.call("enough")["message"]
    many = LoRASettings(steps=100_000, rank=1, pictures=1, batch_size=2)
    outcome = liked.bake("ink", settings=many)
    front.wait(lambda: (front.status["bake"] or {}).get("enough"))
    assert front.call("enough")["type"] == "answer"
    made = outcome.result(PATIENCE)
    assert made.about["steps"] < 100_000
    assert liked.session.loras == {"ink": 1.0}


def test_a_round_waits_and_says_why(liked: FabricWidget, front: Front) -> None:
    many = LoRASettings(steps=100_000, rank=1, pictures=1, batch_size=2)
    baked = liked.bake("ink", settings=many)
    front.wait(lambda: (front.status["bake"] or {}).get("enough"))
    round_ = liked.generate()
    assert "The next round waits" in front.status["message"]
    assert len(liked.history) == 1
    front.call("enough")
    baked.result(PATIENCE)
    made = round_.result(PATIENCE)
    assert liked.session.turns[-1].options["loras"][0]["name"] == "ink"
    assert made is liked.round


def test_a_taste_waits_for_the_round(liked: FabricWidget) -> None:
    held: list[Any] = []
    with liked._view.lock:  # the worker cannot publish its first step meanwhile
        held.append(liked.generate())
        baked = liked.bake("ink", settings=LITTLE)
        waits = dict(liked._publisher._extra()["bake"] or {})
    assert waits == {"name": "ink", "waits": True, "enough": False}
    assert held[0].result(PATIENCE)
    assert baked.result(PATIENCE).name == "ink"
    assert len(liked.history) == 2


def test_a_failure_is_shown_with_what_to_copy(
    liked: FabricWidget, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        message = "CUDA out of memory"
        raise RuntimeError(message)

    monkeypatch.setattr("fabric_widget.session.loras.bake", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        liked.bake("ink", settings=LITTLE).result(PATIENCE)
    front.wait(lambda: front.status["phase"] == "error")
    error = front.status["error"]
    assert error["title"] == "Out of memory"
    assert "RuntimeError" in error["traceback"]
    assert front.status["message"] == "Learning ink failed."
    assert liked.generate().result(PATIENCE)  # and it goes on


def test_without_threads_it_is_learnt_where_it_is_asked_for(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabric_widget.widget.FabricWidget._threads", False)
    widget = make(tiny.pipeline(), prompt="abc", **QUICK)
    widget.generate().result(0)
    widget.like(0)
    widget.like(1)
    assert widget.bake("ink", settings=LITTLE).result(0).name == "ink"


def test_a_session_that_is_opened_shows_its_taste(
    liked: FabricWidget, front: Front, tmp_path: Path
) -> None:
    liked.bake("ink", settings=LITTLE).result(PATIENCE)
    liked.save(tmp_path / "a.fabric")
    other = type(liked).open(tiny.pipeline(), tmp_path / "a.fabric", **QUICK)
    assert front.state["tastes"][0]["name"] == "ink"
    other.close()


def test_of_another_model_there_is_none(liked: FabricWidget) -> None:
    made = liked.bake("ink", settings=LITTLE).result(PATIENCE)
    name = next(iter(made.weights))
    down, up = made.weights[name]
    strange = TasteLoRA("strange", {name: (down[:, :-1], up)}, made.component)
    shelf.keep(strange)
    assert sorted(one.name for one in shelf.listed()) == ["ink", "strange"]
    assert [one.name for one in liked.kept_tastes] == ["ink"]
    with pytest.raises(ValueError, match="there is no taste 'strange'"):
        liked.use_taste("strange")

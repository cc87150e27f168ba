"""Every message of the front end does what it says."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from fabric_widget.widget.thread_safe import STATIC
from tests.widget.fakes import Front, Studio, controls, flat, png, votes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.session import Session
    from fabric_widget.widget import FabricWidget

from tests.widget.messages.rounds import a_round


@pytest.mark.usefixtures("widget")
def test_hello_is_answered_and_leaves_a_loaded_widget_alone(front: Front) -> None:
    assert front.call("hello")["type"] == "answer"
    assert front.status["phase"] == "idle"


@pytest.mark.usefixtures("widget")
def test_generate_carries_everything_a_round_needs(
    front: Front, studio: Studio, session: Session
) -> None:
    given = controls(prompt="two foxes", negative_prompt="rain", num_images=3, seed=7, steps=9)
    given |= {"guidance": 5, "width": 128, "height": 64, "strength": 1.5, "start": 0.5, "end": 0.25}
    assert front.call("generate", controls=given, votes={})["type"] == "answer"
    front.wait_phase("ready")
    (request,) = studio.requests
    assert (request["prompt"], request["num_images"], request["seed"]) == ("two foxes", 3, 7)
    assert request["negative_prompt"] == "rain"
    assert (request["num_inference_steps"], request["guidance_scale"]) == (9, 5)
    assert (request["width"], request["height"]) == (128, 64)
    schedule = request["schedule"]
    assert (schedule.max_weight, schedule.start, schedule.end) == (1.5, 0.25, 0.5)
    assert front.state["round"]["index"] == 0
    assert front.state["round"]["prompt"] == "two foxes"
    assert [image["seed"] for image in front.state["round"]["images"]] == [7, 8, 9]
    assert front.state["seed"] == 10
    assert len(session.rounds) == 1


@pytest.mark.usefixtures("widget")
def test_what_a_click_carried_is_not_told_back(front: Front) -> None:
    given = controls(prompt="a bear", num_images=3)
    front.set(prompt="a bear", num_images=3)
    front.forget()
    front.call("generate", controls=given, votes={})
    front.wait_phase("ready")
    told = [name for _, data, _ in front.said for name in data.get("state") or {}]
    assert "prompt" not in told
    assert "num_images" not in told


@pytest.mark.usefixtures("widget")
def test_a_locked_seed_stays(front: Front) -> None:
    a_round(front, seed=5, lock_seed=True)
    front.set(seed=5)
    assert front.status["phase"] == "ready"
    a_round(front, seed=5, lock_seed=True)
    assert front.state["history"][1]["seed"] == 5


def test_generate_carries_the_votes(front: Front, make: Callable[..., FabricWidget]) -> None:
    widget = make(auto=False)
    first, second = a_round(front, auto=False)
    front.call("generate", controls=controls(auto=False), votes={first: 1, second: -0.5})
    front.wait_phase("ready")
    assert votes_of(widget.session) == {first: 1, second: -0.5}
    assert front.state["round"]["votes"] == {first: 1, second: -0.5}
    assert front.state["history"][1]["liked"] == front.state["history"][1]["disliked"] == 1


@pytest.mark.usefixtures("widget")
def test_again_makes_one_picture_with_the_votes_of_now(front: Front, studio: Studio) -> None:
    first, second = a_round(front, auto=False, steps=9, seed=3)
    front.set(auto=False)
    front.set(votes={first: 1.0})
    before = front.state["seed"]
    front.call("again", id=second)
    front.wait(lambda: len(front.state["history"]) == 2)
    status = front.wait_phase("ready")
    request = studio.requests[-1]
    assert (request["num_images"], request["seed"], request["num_inference_steps"]) == (1, 4, 9)
    assert len(request["liked"]) == 1
    assert status["again"] == ""
    assert any(told["again"] == second for told in front.statuses)
    assert front.state["seed"] == before


@pytest.mark.usefixtures("widget")
def test_more_like_is_a_round_about_one_picture(
    front: Front, studio: Studio, session: Session
) -> None:
    first = a_round(front, num_images=2)
    given, votes = controls(prompt="a bear", num_images=3), {first[0]: 1, first[1]: -1}
    assert front.call("more_like", id=first[1], controls=given, votes=votes)["type"] == "answer"
    front.wait_phase("ready")
    images = front.state["round"]["images"]
    assert [image["sources"] for image in images] == [[first[1]]] * 3
    assert images[0]["tries"] == "close to {" + first[1] + "}"
    assert (studio.requests[-1]["prompt"], len(session.rounds)) == ("a bear", 2)
    assert votes_of(session) == votes
    assert front.state["seed"] == images[-1]["seed"] + 1
    assert front.call("undo")["type"] == "answer"
    assert front.state["round"]["index"] == 0


@pytest.mark.usefixtures("widget")
def test_more_like_a_picture_that_nobody_made_is_refused(front: Front) -> None:
    a_round(front)
    answer = front.call("more_like", id="strange", controls=controls(), votes={})
    assert answer["type"] == "failed"
    assert "no picture here is called 'strange'" in answer["message"]


@pytest.mark.usefixtures("front")
def test_python_asks_for_more_like_one_too(widget: FabricWidget) -> None:
    first = widget.generate().result()
    widget.variety = 0
    made = widget.more_like(1).result()
    assert {recipe.sources for recipe in made.recipes} == {(first[1].id,)}
    assert {recipe.words for recipe in made.recipes} == {"close to {" + first[1].id + "}"}
    widget.session.like(flat(9, 8))
    with pytest.raises(ValueError, match="no round of this session made this picture"):
        widget.more_like(flat(9, 8))


@pytest.mark.usefixtures("widget")
def test_undo_redo_and_branch_write_what_stood_there(front: Front, session: Session) -> None:
    front.set(auto=False)
    first, _ = a_round(front, prompt="a fox", auto=False, steps=5)
    front.set(votes={first: 2.0})
    a_round(front, prompt="a bear", auto=False, strength=0.3)
    front.call("undo")
    assert front.state["round"]["index"] == 0
    assert (front.state["prompt"], front.state["steps"], front.state["strength"]) == (
        "a fox",
        5,
        0.8,
    )
    assert front.state["seed"] == 2
    assert len(front.state["history"]) == 1
    assert (front.status["undo"], front.status["redo"]) == ("vote", "round")
    front.call("undo")
    assert front.state["votes"] == {}
    front.call("redo")
    assert front.state["votes"] == {first: 2.0}
    front.call("redo")
    assert (front.state["prompt"], front.state["strength"]) == ("a bear", 0.3)
    front.call("branch", round=0)
    assert front.state["round"]["index"] == 0
    assert front.state["prompt"] == "a fox"
    assert front.state["votes"] == {}
    assert len(front.state["history"]) == 2
    assert front.status["undo"] == "branch"
    a_round(front, auto=False)
    assert front.state["history"][2]["parent"] == 0
    assert session.current == 2


@pytest.mark.usefixtures("widget")
def test_acts_arrive_in_one_update(front: Front) -> None:
    first, _ = a_round(front)
    front.set(auto=False, votes={first: 1})
    front.forget()
    front.call("branch", round=0)
    updates = [data["state"] for _, data, _ in front.said if data.get("method") == "update"]
    assert len(updates) == 1
    assert {"votes", "status"} <= set(updates[0])


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize("kind", ["thumb", "screen", "full"])
def test_fetch_answers_with_one_picture(front: Front, kind: str) -> None:
    first, _ = a_round(front, prompt="a fox, <b>red</b>", seed=3)
    answer, buffers = front.answer(front.ask("fetch", id=first, kind=kind))
    assert (answer["id"], answer["kind"]) == (first, kind)
    assert answer["name"] == "a-fox-b-red-b-3.png"
    (data,) = buffers
    image = Image.open(io.BytesIO(data))
    assert image.get_format_mimetype() == answer["mime"]
    if kind == "full":
        assert answer["mime"] == "image/png"
        assert image.info["prompt"] == "a fox, <b>red</b>"
        assert image.info["seed"] == "3"
        assert json.loads(image.info["settings"]) == {}
        assert image.convert("RGB").tobytes() == flat(3, 8).tobytes()


@pytest.mark.usefixtures("widget")
def test_uploads_are_liked_and_never_there_twice(front: Front, session: Session) -> None:
    one, other = png(flat(1, 30)), png(flat(2, 30))
    answer = front.call("upload", [one, memoryview(other)], names=["one.png", "other.png"])
    assert answer["problems"] == []
    assert front.state["votes"] == dict.fromkeys(answer["added"], 1.0)
    assert [u["name"] for u in front.state["uploads"]] == ["one.png", "other.png"]
    assert [(u["width"], u["height"]) for u in front.state["uploads"]] == [(30, 30)] * 2
    again = front.call("upload", [one], names=["copy.png"])
    assert again["added"] == answer["added"][:1]
    assert len(front.state["uploads"]) == len(session.strengths) == 2
    fetched, _ = front.answer(front.ask("fetch", id=answer["added"][0], kind="full"))
    assert fetched["name"] == "one.png"


@pytest.mark.usefixtures("widget")
def test_a_large_upload_is_kept_no_larger_than_a_model_can_use(front: Front) -> None:
    front.call("upload", [png(Image.new("RGB", (4000, 1000)))], names=["wide.png"])
    (upload,) = front.state["uploads"]
    assert (upload["width"], upload["height"]) == (1536, 384)


BROKEN = {
    "empty": b"",
    "text": b"<html>not a picture</html>",
    "cut off": png(Image.effect_noise((64, 64), 90))[:900],
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "huge": png(Image.new("1", (9000, 9000))),
}


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_told_and_the_others_are_added(front: Front, name: str) -> None:
    answer = front.call("upload", [BROKEN[name], png(flat(1, 9))], names=[name, "good.png"])
    assert len(answer["added"]) == 1
    (problem,) = answer["problems"]
    assert problem["name"] == name
    assert problem["message"]
    assert name in front.status["notice"]["text"]
    assert front.call("dismiss")["type"] == "answer"
    assert front.status["notice"] is None


@pytest.mark.usefixtures("widget")
def test_presets_are_saved_and_deleted_by_name(front: Front) -> None:
    builtin = len(front.state["presets"])
    values = {"strength": 1, "start": 0, "end": 0.5, "dislike_scale": 0, "normalize": False}
    assert front.call("save_preset", name=" My  own ", values=values)["type"] == "answer"
    saved = front.state["presets"][-1]
    assert (saved["name"], saved["builtin"], saved["values"]) == ("My own", False, values)
    assert front.call("delete_preset", name="My own")["type"] == "answer"
    assert len(front.state["presets"]) == builtin
    for kind, name in (("delete_preset", "Balanced"), ("delete_preset", "?"), ("save_preset", "")):
        fields = {"values": values} if kind == "save_preset" else {}
        assert front.call(kind, name=name, **fields)["type"] == "failed"


@pytest.mark.usefixtures("widget")
def test_dismissing_an_error_shows_the_round_again(front: Front, studio: Studio) -> None:
    a_round(front)
    studio.failure = ValueError("no")
    front.ask("generate", controls=controls(), votes={})
    front.wait_phase("error")
    front.call("dismiss")
    assert (front.status["phase"], front.status["error"]) == ("ready", None)


@pytest.mark.usefixtures("widget")
def test_a_poll_is_answered_with_all_that_a_page_has_missed(front: Front) -> None:
    a_round(front)
    known = front.status["revision"]
    front.forget()
    front.call("poll", seen=known, round=0)
    assert front.status["revision"] > known
    assert not any("round" in (data.get("state") or {}) for _, data, _ in front.said)
    front.call("poll", seen=0, round=-1)
    assert any("round" in (data.get("state") or {}) for _, data, _ in front.said)


@pytest.mark.usefixtures("widget")
def test_a_poll_does_not_send_pictures_again_to_who_looks_at_an_older_round(front: Front) -> None:
    a_round(front)
    a_round(front, seed=4)
    front.forget()
    front.call("poll", seen=front.status["revision"], round=0)
    assert not any("round" in (data.get("state") or {}) for _, data, _ in front.said)


@pytest.mark.usefixtures("widget")
def test_the_tools_are_the_built_files_as_they_are(front: Front) -> None:
    front.forget()
    assert front.call("tools")["type"] == "answer"
    (sent,) = [buffers for _, _, buffers in front.said if buffers]
    built = [STATIC / f"widget-tools.{kind}" for kind in ("js", "css")]
    assert [bytes(data).strip() for data in sent] == [path.read_bytes().strip() for path in built]

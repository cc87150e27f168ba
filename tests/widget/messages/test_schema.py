"""Every message of the front end, and everything that is none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.engine import BadReference
from fabric_widget.widget.messages.schema import KNOWN, request_of
from tests.widget.conftest import Clock, Front, Studio, controls, flat, png, votes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.session import Session
    from fabric_widget.widget import FabricWidget


def a_round(front: Front, **others: Any) -> list[str]:
    """Make a round; return the names of its pictures."""
    front.call("generate", controls=controls(**others), votes=front.state["votes"])
    front.wait_phase("ready")
    return [image["id"] for image in front.state["round"]["images"]]


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
def test_commands_of_anywidget_itself_are_left_to_it(front: Front) -> None:
    before = len(front.custom("failed"))
    front.post({"kind": "anywidget-command", "id": "1", "name": "x", "msg": None})
    assert len(front.custom("failed")) == before


# ---- what is no message ------------------------------------------------------------------------

GOOD: dict[str, dict[str, Any]] = {
    "generate": {"controls": controls(), "votes": {}},
    "again": {"id": "0" * 12},
    "look": {"id": "0" * 12},
    "look_at": {"id": "0" * 12, "reference": 0, "level": 0, "part": 0},
    "branch": {"round": 0},
    "fetch": {"id": "0" * 12, "kind": "thumb"},
    "upload": {"names": []},
    "poll": {"seen": 0, "round": 0},
    "seen": {"job": 0, "step": 0},
    "save_preset": {"name": "x", "values": {}},
    "delete_preset": {"name": "x"},
}
MAY_BE_NONE = {"level", "part"}


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in GOOD.items() for field in fields]
)
def test_every_field_must_be_there_and_be_what_it_should(
    front: Front, session: Session, kind: str, field: str
) -> None:
    lacking = {name: value for name, value in GOOD[kind].items() if name != field}
    bad: tuple[Any, ...] = ([[]], True, 0.5) if field in MAY_BE_NONE else (None, [[]], True, 0.5)
    for wrong in (lacking, *(lacking | {field: value} for value in bad)):
        answer = front.call(kind, **wrong)
        assert answer["type"] == "failed"
        assert kind in answer["message"]
        assert field in answer["message"]
    assert session.undoable == ""


@pytest.mark.usefixtures("widget")
def test_an_unknown_type_is_answered_with_the_known_ones(front: Front) -> None:
    message = front.call("genrate")["message"]
    assert "'genrate'" in message
    assert all(kind in message for kind in KNOWN)


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize(
    "wrong",
    [
        {"num_images": "4"},
        {"seed": None},
        {"auto": 1},
        {"guidance": float("nan")},
        {"width": float("inf")},
        {"prompt": 4},
        {"prompt": "x" * 100_000},
    ],
)
def test_a_click_with_a_wrong_control_makes_no_round_and_says_why(
    front: Front, studio: Studio, wrong: dict[str, Any]
) -> None:
    answer = front.call("generate", controls=controls() | wrong, votes={})
    assert answer["type"] == "failed"
    assert answer["message"][:40] in front.status["notice"]["text"]
    assert studio.requests == []
    assert front.state["prompt"] == ""


@pytest.mark.usefixtures("widget")
def test_numbers_out_of_range_are_moved_into_it_and_told(front: Front, studio: Studio) -> None:
    a_round(front, num_images=99, strength=-3)
    assert studio.requests[0]["num_images"] == 16
    assert front.state["strength"] == 0
    assert "num_images cannot be 99" in front.status["notice"]["text"]


@pytest.mark.usefixtures("widget")
def test_files_must_match_their_names(front: Front) -> None:
    assert front.call("upload", [b"x"], names=[])["type"] == "failed"
    assert front.call("upload", ["x"], names=["x"])["type"] == "failed"
    assert front.call("upload", [], names=[])["added"] == []


@pytest.mark.usefixtures("widget")
def test_unknown_pictures_and_rounds_are_said(front: Front, session: Session) -> None:
    for kind, fields in (
        ("again", {"id": "nothing"}),
        ("look", {"id": "nothing"}),
        ("look_at", {"id": "nothing", "reference": 0, "level": None, "part": None}),
        ("fetch", {"id": "nothing", "kind": "full"}),
        ("branch", {"round": 3}),
        ("branch", {"round": -1}),
    ):
        assert front.call(kind, **fields)["type"] == "failed"
    with pytest.raises(BadReference):
        session.vote({"nothing": 1.0})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["controls", "votes", "id", "kind", "round", "names", "seen", "job", "step", "name", "values"]
)
HARMLESS = [kind for kind in KNOWN if kind not in {"hello", "generate", "save_preset"}]
ANYTHING = JSON | st.fixed_dictionaries(
    {"type": st.sampled_from(HARMLESS) | st.text(max_size=8), "request": JSON}
).flatmap(lambda base: st.dictionaries(FIELDS, JSON, max_size=6).map(lambda more: more | base))


@pytest.mark.usefixtures("widget")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=ANYTHING, buffers=st.lists(st.binary(max_size=8), max_size=2))
def test_whatever_comes_is_answered_and_changes_nothing(
    front: Front, session: Session, content: Any, buffers: list[bytes]
) -> None:
    said = len(front.custom("answer")) + len(front.custom("failed"))
    front.post(content, buffers)
    now = len(front.custom("answer")) + len(front.custom("failed"))
    kind = content.get("type") if isinstance(content, dict) else None
    if now == said:  # a good message without a number needs no answer
        assert kind in KNOWN
        assert kind == "seen" or request_of(content) is None
    assert session.turns == ()
    assert session.votes == ()
    front.forget()


@pytest.mark.usefixtures("widget")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.dictionaries(
        st.sampled_from(
            [*controls(), "votes", "seen_round", "status", "round", "info", "_esm", "x"]
        ),
        JSON,
        max_size=5,
    )
)
def test_whatever_is_set_leaves_a_state_that_both_sides_agree_on(
    front: Front, widget: FabricWidget, state: dict[str, Any]
) -> None:
    before = dict(front.state)
    front.set(**state)
    told = front.reload()
    for name in controls():
        kept = name in ("prompt", "negative_prompt") and name in state
        if not kept:
            assert front.state[name] == told[name] == getattr(widget, name)
    for name in ("votes", "seen_round", "round", "info"):
        assert front.state[name] == told[name]
    assert told["_esm"] == before["_esm"]
    assert told["info"] == before["info"]
    assert widget._worker.current is None
    front.forget()


@pytest.mark.usefixtures("make")
def test_previews_wait_for_who_looks(
    front: Front, studio: Studio, clock: Clock, make: Callable[..., FabricWidget]
) -> None:
    studio.steps = 12
    make()

    first = studio.hold(3)
    front.call("generate", controls=controls(), votes={})
    first.wait()
    assert front.custom("preview") == []  # nobody has said hello
    second = studio.hold(5)
    front.call("hello")
    first.release()
    second.wait()
    ((preview, buffers),) = front.custom("preview")  # of step 3; step 4 came before it was seen
    assert (preview["job"], preview["step"], preview["first"]) == (1, 3, 0)
    assert preview["done"] is False
    assert len(buffers) == 2
    assert Image.open(io.BytesIO(buffers[0])).size == (4, 4)
    third = studio.hold(7)
    front.post({"type": "seen", "job": 1, "step": 3})
    second.release()
    third.wait()
    assert len(front.custom("preview")) == 1  # seen, but too soon
    clock.now += 1
    third.release()
    front.wait_phase("ready")
    assert [preview["step"] for preview, _ in front.custom("preview")] == [3, 7]


@pytest.mark.usefixtures("clock")
def test_finished_pictures_of_a_batch_come_at_once(
    front: Front, make: Callable[..., FabricWidget]
) -> None:
    make(batch_size=2)
    front.call("hello")
    front.call("generate", controls=controls(num_images=5), votes={})
    front.wait_phase("ready")
    done = [(m["first"], len(b)) for m, b in front.custom("preview") if m["done"]]
    assert done == [(0, 2), (2, 2)]  # the last one comes with the round
    ids = {bytes(image["data"]) for image in front.state["round"]["images"]}
    assert all(bytes(b) in ids for m, bs in front.custom("preview") if m["done"] for b in bs)


def test_a_round_says_how_much_each_reference_mattered(
    front: Front, make: Callable[..., FabricWidget], studio: Studio
) -> None:
    widget = make(auto=False)
    first, second = a_round(front, auto=False)
    assert front.state["round"]["contributions"] == {}
    studio.contributions = [0.25, 0.0]
    front.call("generate", controls=controls(auto=False), votes={first: 1, second: -0.5})
    front.wait_phase("ready")
    told = {first: 0.25, second: 0.0}
    assert front.state["round"]["contributions"] == told
    assert [row["contributions"] for row in front.state["history"]] == [{}, told]
    assert front.reload()["round"]["contributions"] == told
    assert len(widget.history) == 2

"""Whatever is no message is answered with what is wrong, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabric_widget.engine import BadReference
from fabric_widget.widget.messages.schema import KNOWN, request_of
from tests.widget.fakes import Front, Studio, controls

if TYPE_CHECKING:
    from fabric_widget.session import Session
    from fabric_widget.widget import FabricWidget

from tests.widget.messages.rounds import a_round


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
    "subject": {"id": "0" * 12},
    "part": {"id": "0" * 12, "rows": 1, "columns": 1, "runs": [0, 1], "strength": 1},
    "look_at": {"id": "0" * 12, "reference": 0, "level": 0, "part": 0},
    "branch": {"round": 0},
    "fetch": {"id": "0" * 12, "kind": "thumb"},
    "upload": {"names": []},
    "poll": {"seen": 0, "round": 0},
    "seen": {"job": 0, "step": 0},
    "save_preset": {"name": "x", "values": {}},
    "delete_preset": {"name": "x"},
    "open_file": {"name": "x", "size": 1},
    "open_piece": {"file": 1, "index": 0},
    "open_whole": {"file": 1},
}


MAY_BE_NONE = {"level", "part"}
MAY_BE_BROKEN = {"strength"}


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in GOOD.items() for field in fields]
)
def test_every_field_must_be_there_and_be_what_it_should(
    front: Front, session: Session, kind: str, field: str
) -> None:
    lacking = {name: value for name, value in GOOD[kind].items() if name != field}
    bad: tuple[Any, ...] = ([[]], True, 0.5) if field in MAY_BE_NONE else (None, [[]], True, 0.5)
    bad = tuple(value for value in bad if value != 0.5 or field not in MAY_BE_BROKEN)
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


HARMLESS = [kind for kind in KNOWN if kind not in {"hello", "generate", "draft", "save_preset"}]


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
        assert kind in {"seen", "wait"} or request_of(content) is None
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

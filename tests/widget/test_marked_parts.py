"""Parts that a person marks: small on the wire, kept everywhere, refused with words if wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabric_widget.engine import Fabric
from fabric_widget.session import Session
from fabric_widget.widget.messages import actions
from fabric_widget.widget.state.masks import MOST_RUNS, mask_told, read_mask
from fabric_widget.zoo import tiny
from tests.widget.fakes import Front, controls, flat, png
from tests.widget.messages.rounds import a_round

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget

QUICK: dict[str, Any] = {"auto": False, "num_images": 2, "steps": 2}
BOX: dict[str, Any] = {"rows": 4, "columns": 4, "runs": [5, 2, 2, 2, 5]}
"""The middle of a picture."""


def key(front: Front) -> str:
    """Return the name of the only part."""
    (name,) = front.state["parts"]
    return str(name)


@settings(deadline=None)
@given(
    rows=st.integers(1, 64),
    columns=st.integers(1, 64),
    cells=st.integers(0),
    whole=st.booleans(),
)
def test_what_is_told_is_read_again(rows: int, columns: int, cells: int, whole: bool) -> None:
    random = np.random.default_rng(cells)
    mask = np.ones((rows, columns)) if whole else (random.random((rows, columns)) < 0.1) * 1.0
    mask[0, 0] = 1
    told = mask_told(torch.from_numpy(mask))
    assert len(json.dumps(told)) < 2000
    again = read_mask(**told)
    assert again.any()
    assert again.shape == (told["rows"], told["columns"])
    if (rows, columns) == again.shape:
        assert np.array_equal(again, mask)


@pytest.mark.parametrize("cells", [1, 3, 64, 128, 300])
def test_the_finest_parts_stay_small(cells: int) -> None:
    board = torch.from_numpy(np.indices((cells, cells)).sum(0) % 2).float()
    board[0, 0] = 1
    assert len(json.dumps(mask_told(board))) < 2000


def test_a_marked_part_is_followed_and_never_lost(
    make: Callable[..., FabricWidget], front: Front, tmp_path: Path
) -> None:
    widget = make(tiny.pipeline(), **QUICK)
    widget.generate().result()
    first, second = (image["id"] for image in front.state["round"]["images"])
    front.set(votes={first: 1.5, second: 1.0})
    front.forget()
    assert front.call("part", id=first, strength=1, **BOX)["type"] == "answer"
    assert front.size() < 4000
    name = f"{first}:{key(front)}"
    assert front.state["votes"] == {second: 1.0, name: 1.5}, "it narrows the like"
    assert front.state["parts"] == {key(front): {"rows": 4, "columns": 4, "runs": BOX["runs"]}}
    assert widget.undo()
    assert front.state["votes"] == {first: 1.5, second: 1.0}
    assert front.state["parts"] == {}
    assert widget.redo()
    votes = front.state["votes"]
    front.call("generate", controls=controls(**QUICK), votes={name: 1.0})
    front.wait(lambda: len(front.state["history"]) == 2)
    assert {image["tries"] for image in front.state["round"]["images"]} == {
        f"a part of {{{first}}}"
    }
    (vote,) = widget.session.rounds[1].recipes[0].liked
    assert vote.part is not None
    assert vote.part.over(4, 4).tolist() == read_mask(**BOX).tolist()
    front.call("branch", round=0)
    assert front.state["votes"] == {}
    front.call("branch", round=1)
    assert front.state["votes"] == front.reload()["votes"] == {name: 1.0}
    assert front.state["parts"] == front.reload()["parts"] != {}
    assert votes != front.state["votes"]
    widget.session.save(tmp_path / "saved")
    again = make(Session.open(tmp_path / "saved", Fabric(tiny.pipeline())), **QUICK)
    assert again.votes == {name: 1.0}
    assert again.parts == front.state["parts"] != {}


@pytest.mark.usefixtures("widget")
def test_a_dislike_of_a_part_stands_beside_a_like(front: Front) -> None:
    first, _ = a_round(front, auto=False)
    front.set(auto=False, votes={first: 2.0})
    front.call("part", id=first, strength=-1, **BOX)
    assert front.state["votes"] == {first: 2.0, f"{first}:{key(front)}": -1}
    front.call("part", id=first, strength=1, **BOX)
    assert front.state["votes"] == {f"{first}:{key(front)}": 2.0}


@pytest.mark.usefixtures("widget")
def test_a_part_of_an_upload_and_of_everything(front: Front) -> None:
    a_round(front, auto=False)
    front.set(auto=False)
    (name,) = front.call("upload", [png(flat(1, 30))], names=["cat.png"])["added"]
    front.call("part", id=name, strength=1, **BOX)
    assert front.state["votes"] == {f"{name}:{key(front)}": 1}
    front.call("part", id=name, strength=1, rows=2, columns=3, runs=[0, 6])
    assert front.state["votes"] == {f"{name}:{key(front)}": 1, name: 1}, "all of it is no part"


WRONG = [
    {"rows": 0},
    {"rows": 65},
    {"columns": 10**30},
    {"columns": -4},
    {"columns": float("nan")},
    {"rows": float("inf")},
    {"rows": 4.5},
    {"rows": None},
    {"runs": []},
    {"runs": [16]},
    {"runs": [0, 17]},
    {"runs": [5, 2, 2, 2]},
    {"runs": [-5, 2, 2, 2, 15]},
    {"runs": [5, 2, float("nan"), 2, 5]},
    {"runs": [10**30, 2, -(10**30), 14]},
    {"runs": [1] * (MOST_RUNS + 1)},
    {"runs": [[0, 0, 4, 4]] * 1_000_000},
    {"runs": "5 2 2 2 5"},
    {"strength": 0},
    {"strength": 2.5},
    {"strength": float("nan")},
    {"strength": None},
    {"strength": True},
    {"id": "nobody"},
    {"id": 3},
]


@pytest.mark.usefixtures("widget")
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:30])
def test_a_part_that_is_none_is_refused_with_words(
    front: Front, session: Session, wrong: dict[str, Any]
) -> None:
    first, _ = a_round(front, auto=False)
    front.set(auto=False, votes={first: 1.0})
    before = session.strengths
    fields = {"id": first, "strength": 1, **BOX} | wrong
    answer = front.call("part", **fields)
    assert answer["type"] == "failed"
    assert 10 < len(answer["message"]) < 300
    assert session.strengths == before
    assert not session.parts


NUMBERS = st.integers(-(2**70), 2**70) | st.integers(0, 70) | st.floats() | st.none()
HOSTILE = st.fixed_dictionaries(
    {
        "rows": NUMBERS,
        "columns": NUMBERS,
        "strength": NUMBERS,
        "runs": st.lists(NUMBERS, max_size=12) | st.text(max_size=4) | st.none(),
    }
)


def hostile(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@hostile(2_000)
@given(message=HOSTILE)
def test_whatever_part_comes_nothing_is_lost(
    front: Front, widget: FabricWidget, session: Session, message: dict[str, Any]
) -> None:
    receive_part(front, widget, session, message)


@pytest.mark.soak
@hostile(50_000)
@given(message=HOSTILE)
def test_whatever_part_comes_for_a_long_time_nothing_is_lost(
    front: Front, widget: FabricWidget, session: Session, message: dict[str, Any]
) -> None:
    receive_part(front, widget, session, message)


def receive_part(
    front: Front, widget: FabricWidget, session: Session, message: dict[str, Any]
) -> None:
    if widget.round is None:
        a_round(front, auto=False)
        front.set(auto=False)
    first = front.state["round"]["images"][0]["id"]
    front.set(votes={first: 1.0})
    before, parts = session.strengths, len(session.parts)
    answer = front.call("part", id=first, **message)
    if answer["type"] == "failed":
        assert session.strengths == before
        assert len(session.parts) == parts
    else:
        assert front.state["votes"] == front.reload()["votes"] == widget.votes
    front.forget()


@pytest.mark.usefixtures("widget")
def test_the_parts_of_a_session_are_counted(
    front: Front, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_MOST_PARTS", 3)
    first, _ = a_round(front, auto=False)
    front.set(auto=False)
    kinds = []
    for inside in range(1, 6):
        runs = [0, inside, 16 - inside]
        kinds.append(front.call("part", id=first, strength=1, rows=4, columns=4, runs=runs)["type"])
    assert kinds == ["answer"] * 3 + ["failed"] * 2
    assert len(session.parts) == len(session.votes) == 3

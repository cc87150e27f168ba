"""Stars: the best pictures so far, which change no picture to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine import Fabric
from fabric_widget.session import Session
from fabric_widget.zoo import tiny
from tests.session.conftest import RecordingFabric

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_the_newest_star_stands_last_and_each_is_undone(acts: list[tuple[int, bool]]) -> None:
    fabric: Any = RecordingFabric()
    session = Session(fabric)
    made = session.generate("abc")
    wanted: list[int] = []
    undos = 0
    for number, starred in acts:
        session.star(made[number], starred=starred)
        undos += (number in wanted) != starred
        if starred and number not in wanted:
            wanted.append(number)
        elif not starred and number in wanted:
            wanted.remove(number)
        assert session.starred == tuple(made[i] for i in wanted)
    for _ in range(undos):
        assert session.undoable == "star"
        assert session.undo()
    assert session.starred == ()
    assert session.undoable == "round"


def test_a_star_changes_no_picture_and_no_vote(fabric: Any) -> None:
    plain, starring = Session(fabric), Session(fabric)
    for session in (plain, starring):
        session.like(session.generate("abc")[0])
    starring.star(starring.rounds[0][1])
    for session in (plain, starring):
        session.generate()
    assert fabric.requests[-1] == fabric.requests[-2]
    assert starring.strengths == plain.strengths


def test_stars_survive_branches_and_folders(tmp_path: Path) -> None:
    session = Session(Fabric(tiny.pipeline()))
    first = session.generate("abc", num_images=2, num_inference_steps=1)
    session.generate(num_images=1, num_inference_steps=1)
    session.star(first[1])
    session.branch(0)
    assert session.starred == (first[1],)
    session.save(tmp_path / "s")
    assert Session.open(tmp_path / "s", session.fabric).starred == (first[1],)


def test_what_no_round_made_has_no_star(fabric: Any) -> None:
    with pytest.raises(ValueError, match="no round of this session made this picture"):
        Session(fabric).star(Session(fabric).generate("abc")[0])

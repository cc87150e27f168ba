"""Votes by name: what `strengths` says, `vote` takes, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabric_widget.engine import BadReference, Fabric
from fabric_widget.session import Session
from fabric_widget.zoo import tiny

WHYS: list[dict[str, Any]] = [
    {},
    {"aspect": "colors"},
    {"part": "subject"},
    {"aspect": "form", "part": "background", "in_place": False},
    {"part": (0, 0, 1, 2)},
    {"aspect": "colors", "part": np.eye(4)},
]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(WHYS), st.sampled_from([2.0, 0.5, -1.0])),
        max_size=8,
    )
)
def test_strengths_name_every_vote_and_say_it_again(fabric: Any, said: list[Any]) -> None:
    """What `strengths` gives, `vote` takes, whatever was said; it is one act."""
    session = Session(fabric)
    made = session.generate("abc")
    for index, why, strength in said:
        session.like(made[index], strength, **why)
    known = session.strengths
    assert list(known.values()) == [strength for _, strength in session.votes]
    acts = session.undoable
    session.vote(known)
    assert session.undoable == acts
    session.vote({})
    assert not session.votes
    assert all(session.knows(key) for key in known)
    session.vote(known)
    assert list(session.strengths.items()) == list(known.items())
    if known:
        assert session.undo()
        assert not session.votes


@pytest.mark.parametrize(
    "key",
    ["{}:", "{}:all", "{}:colrs", "{}:subject:colors", "{}:anywhere", "{}:colors:anywhere",
     "{}:0a1b", "{}::subject", "{}:colors:subject:anywhere:x", "x:colors", ""],
)  # fmt: skip
def test_what_names_no_vote_is_refused_and_nothing_is_lost(fabric: Any, key: str) -> None:
    session = Session(fabric)
    made = session.generate("abc")
    session.like(made[0], aspect="colors")
    known = session.strengths
    name = key.format(made[0].id)
    assert not session.knows(name)
    with pytest.raises(BadReference, match="no picture of this session is called"):
        session.vote({made[1].id: 1.0, name: 1.0})
    assert session.strengths == known


def test_the_subject_is_that_which_a_round_borrows() -> None:
    session = Session(Fabric(tiny.pipeline()))
    made = session.generate("abc", num_images=1, num_inference_steps=3, height=64, width=64)
    acts = session.undoable, session.next_seed
    found = session.subject(made[0].id)
    assert set(found.flatten().tolist()) <= {0, 1}
    assert (session.undoable, session.next_seed) == acts
    session.like(made[0], part="subject")
    session.generate(num_images=1, num_inference_steps=3, height=64, width=64)
    assert session.subject(made[0].id) is found
    upload = session.like(np.zeros((64, 64, 3), np.uint8))
    assert session.subject(upload).shape == found.shape
    with pytest.raises(KeyError):
        session.subject("nobody")

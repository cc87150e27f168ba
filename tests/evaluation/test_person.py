"""Votes of the simulated person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.evaluation.person import NOTICEABLE, Verdict, judge


@given(st.lists(st.floats(0, 1), min_size=1, max_size=16))
def test_nothing_is_better_than_the_liked_or_worse_than_the_disliked(d: list[float]) -> None:
    verdict = judge(d)
    if verdict.liked is None or verdict.disliked is None:
        assert max(d) - min(d) < NOTICEABLE
        assert verdict == Verdict()
        assert verdict.count == 0
    else:
        assert d[verdict.liked] < min(d) + NOTICEABLE
        assert d[verdict.disliked] > max(d) - NOTICEABLE
        assert d[verdict.liked] != d[verdict.disliked]
        assert verdict.count == 2


@pytest.mark.parametrize(
    ("distances", "verdict"),
    [
        ([0.5, 0.2, 0.9, 0.3], Verdict(1, 2)),
        ([0.9, 0.2, 0.9, 0.2], Verdict(1, 0)),
        ([0.4, 0.4], Verdict()),
        ([0.401, 0.4, 0.7, 0.701], Verdict(0, 2)),
        ([0.0, 0.009], Verdict()),
    ],
)
def test_of_what_looks_alike_the_first(distances: list[float], verdict: Verdict) -> None:
    assert judge(distances) == verdict

"""Laws and limits of the schedule."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine import Schedule

strengths = st.lists(st.floats(1e-3, 2), min_size=1, max_size=8)


def test_defaults() -> None:
    assert dataclasses.asdict(Schedule()) == {
        "start": 0.0,
        "end": 0.8,
        "min_weight": 0.0,
        "max_weight": 0.8,
        "neg_scale": 0.5,
        "bottleneck_scale": 1.0,
        "nag_scale": 5.0,
        "normalize": True,
    }


def test_paper_is_the_plain_sum_at_every_step() -> None:
    paper = Schedule.paper()
    assert {paper.weight(i, 20) for i in range(20)} == {0.8}
    assert paper.shares([1.0, 1.0, 0.5]) == [1.0, 1.0, 0.5]
    assert paper.neg_scale == 0.5


def test_reference_only_is_full_weight_at_every_step() -> None:
    schedule = Schedule.reference_only()
    assert {schedule.weight(i, 20) for i in range(20)} == {1.0}
    assert schedule.shares([1.0]) == [1.0]


def test_both_ends_belong_to_the_window() -> None:
    schedule = Schedule(start=0.25, end=0.5, min_weight=0.1, max_weight=0.9)
    assert [schedule.weight(i, 8) for i in range(8)] == [0.1, 0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1]


@given(st.integers(1, 100))
def test_window_of_everything_holds_every_step(count: int) -> None:
    schedule = Schedule(start=0, end=1)
    assert all(schedule.weight(i, count) == 0.8 for i in range(count))


@given(strengths)
def test_shares_add_up_to_the_strongest(given_strengths: list[float]) -> None:
    shares = Schedule().shares(given_strengths)
    assert math.isclose(sum(shares), max(given_strengths), rel_tol=1e-12)
    for share, strength in zip(shares, given_strengths, strict=True):
        assert math.isclose(share / shares[0], strength / given_strengths[0], rel_tol=1e-12)


@given(st.floats(1e-3, 2), st.integers(1, 20))
def test_copies_share_the_weight_of_one(strength: float, n: int) -> None:
    assert math.isclose(sum(Schedule().shares([strength] * n)), strength, rel_tol=1e-12)


def test_levels_go_from_one_to_the_bottleneck() -> None:
    schedule = Schedule(bottleneck_scale=0.5)
    assert [schedule.level_scale(level) for level in (0, 0.5, 1)] == [1, 0.75, 0.5]


@pytest.mark.parametrize(
    ("weights", "silent"), [((0, 0), True), ((0, 0.1), False), ((0.1, 0), False)]
)
def test_silent(weights: tuple[float, float], silent: bool) -> None:
    assert Schedule(min_weight=weights[0], max_weight=weights[1]).silent is silent


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("start", -0.1),
        ("start", 1.1),
        ("end", 1.1),
        ("end", -0.1),
        ("min_weight", -1),
        ("max_weight", 2.1),
        ("neg_scale", 3),
        ("bottleneck_scale", -0.5),
        ("max_weight", math.nan),
        ("max_weight", math.inf),
    ],
)
def test_out_of_range(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{setting} is .*give a number from 0 to"):
        Schedule(**{setting: value})  # type: ignore[arg-type]


def test_window_must_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match=r"start is 0\.9, after end 0\.8"):
        Schedule(start=0.9)


@pytest.mark.parametrize("setting", ["start", "max_weight"])
@pytest.mark.parametrize("value", ["0.5", None, True])
def test_numbers_only(setting: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{setting} is .*give a number"):
        Schedule(**{setting: value})  # type: ignore[arg-type]


def test_normalize_is_a_bool() -> None:
    with pytest.raises(TypeError, match="normalize is 1"):
        Schedule(normalize=1)  # type: ignore[arg-type]

"""Means, intervals and effects."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.evaluation.report import study_summary as module
from fabric_widget.evaluation.report.study_summary import figures, plain, summarize
from fabric_widget.evaluation.study.settings import TASTE
from tests.evaluation.study.conftest import PREFERENCE, records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture(autouse=True, scope="module")
def _few_resamples() -> Iterator[None]:
    """Draw fewer samples: the laws are the same, and Hypothesis asks often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_RESAMPLES", 1000)
        yield


def record(case: int, method: str, values: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return a record with these scores of each round's pictures."""
    rounds = [
        {
            "scores": {"s": {"values": list(row)}},
            "similarity_liked": None if number == 0 else 0.5,
            "similarity_disliked": None,
            "diversity": 0.1,
            "saturation": 0.2 + number,
            "contrast": 0.3,
            "color": [50.0, 3.0 * number, 4.0 * number],
        }
        for number, row in enumerate(values)
    ]
    costs = [{"seconds": 1.0, "peak_bytes": 5, "rows": 4}] * len(values)
    return {"case": case, "method": method, "rounds": rounds, "costs": costs}


def test_best_never_falls_and_is_the_best_so_far() -> None:
    rows = figures(record(0, "none", [[0.2, 0.8], [0.5, 0.1], [0.9, 0.3]]))
    assert [row["s.best"] for row in rows] == [0.8, 0.8, 0.9]
    assert [row["s.max"] for row in rows] == [0.8, 0.5, 0.9]
    assert [row["s.min"] for row in rows] == [0.2, 0.1, 0.3]
    assert rows[1]["s.mean"] == pytest.approx(0.3)


def test_drifts_are_against_the_first_round() -> None:
    rows = figures(record(0, "none", [[0.0], [0.0]]))
    assert [row["color_drift"] for row in rows] == [0, 5]
    assert [row["saturation_drift"] for row in rows] == [0, 1]


VALUES = st.lists(st.floats(-5, 5), min_size=1, max_size=12)


@given(VALUES, st.floats(-3, 3))
def test_an_effect_that_is_the_same_for_every_prompt_has_no_width(
    values: list[float], shift: float
) -> None:
    found = [record(i, "none", [[v]]) for i, v in enumerate(values)]
    found += [record(i, "ours", [[v + shift]]) for i, v in enumerate(values)]
    (effect,) = [e for e in summarize(found, ("none", "ours")).effects if e.measure == "s.mean"]
    assert (effect.method, effect.baseline) == ("ours", "none")
    for bound in (effect.estimate.mean, effect.estimate.low, effect.estimate.high):
        assert bound == pytest.approx(shift, abs=1e-9)


@given(VALUES)
def test_means_lie_within_their_intervals(values: list[float]) -> None:
    summary = summarize([record(i, "none", [[v]]) for i, v in enumerate(values)], ("none",))
    estimate = summary.rounds["none"]["s.mean"][0]
    assert estimate is not None
    assert estimate.mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= estimate.low <= estimate.high <= max(values) + 1e-9
    assert estimate.count == len(values)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        values = rng.normal(1.0, 2.0, size=30)
        found = [record(i, "none", [[float(v)]]) for i, v in enumerate(values)]
        estimate = summarize(found, ("none",)).rounds["none"]["s.mean"][0]
        assert estimate is not None
        covered += estimate.low <= 1.0 <= estimate.high
    assert 0.88 <= covered / 200 <= 0.99


def test_what_was_not_measured_is_none_and_does_not_count() -> None:
    found = [record(0, "none", [[1.0], [1.0]]), record(1, "none", [[1.0], [1.0]])]
    found[1]["rounds"][1]["similarity_liked"] = None
    measures = summarize(found, ("none",)).rounds["none"]
    assert measures["similarity_liked"][0] is None
    there = measures["similarity_liked"][1]
    assert there is not None
    assert (there.mean, there.count) == (0.5, 1)


def test_only_prompts_that_every_method_finished_count() -> None:
    found = [record(0, "none", [[1.0]]), record(0, "ours", [[2.0]]), record(1, "none", [[9.0]])]
    summary = summarize(found, ("none", "ours"))
    assert summary.prompts == 1
    estimate = summary.rounds["none"]["s.mean"][0]
    assert estimate is not None
    assert estimate.mean == 1.0
    with pytest.raises(ValueError, match=r"no prompt is finished with each of none, paper-0\.1"):
        summarize(found, ("none", "paper-0.1"))


@pytest.mark.parametrize(
    ("methods", "pairs"),
    [
        (("none", "paper-0.8", "ours"), {("ours", "none"), ("ours", "paper-0.8")}),
        (("none", "random"), {("random", "none")}),
        (("none",), set()),
        (("none", "ours", "m:f"), {("ours", "none"), ("m:f", "none")}),
    ],
)
def test_effects_are_those_of_methods_against_baselines(
    methods: tuple[str, ...], pairs: set[tuple[str, str]]
) -> None:
    found = [record(i, method, [[0.0]]) for i in range(2) for method in methods]
    assert {(e.method, e.baseline) for e in summarize(found, methods).effects} == pairs


def test_the_order_of_records_does_not_matter() -> None:
    found = records(count=3)
    assert summarize(found, ("none", "ours")) == summarize(found[::-1], ("none", "ours"))


def test_feedback_helps_whom_it_reaches() -> None:
    summary = summarize(records(), ("none", "ours"))
    (effect,) = [e for e in summary.effects if e.measure == f"{TASTE}.mean"]
    assert effect.estimate.mean > 0.05


def test_frechet_distances_are_from_the_first_round() -> None:
    found = records(replace(PREFERENCE, frechet="reader"))
    summary = summarize(found, ("none", "ours"))
    assert summary.frechet["none"][0] == pytest.approx(0, abs=1e-9)
    assert summary.frechet["ours"][0] == pytest.approx(0, abs=1e-9)
    assert min(values[-1] for values in summary.frechet.values()) > 0.01
    assert summarize(records(count=1), ("none",)).frechet == {}


def test_summaries_survive_json() -> None:
    content = plain(summarize(records(count=2), ("none", "ours")))
    assert json.loads(json.dumps(content)) == content
    assert content["methods"]["ours"][f"{TASTE}.mean"][0]["low"] <= 1

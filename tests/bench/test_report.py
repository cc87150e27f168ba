"""Figures follow from their samples."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.bench.loading import BASE, STATEMENTS, Loaded
from fabric_widget.bench.measure import FlopCount, Sample
from fabric_widget.bench.methods import PLAIN
from fabric_widget.bench.report import loading_figures, spread, target_figures

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding

PARAMETERS = 1234


@given(st.lists(st.floats(0.01, 100), min_size=1))
def test_quartiles_enclose_the_median(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert found["median"] == pytest.approx(statistics.median(values))
    assert min(values) <= found["low"] <= found["median"] <= found["high"] <= max(values)


def test_nothing_has_no_spread() -> None:
    assert spread([]) is None


def test_ratios_are_those_of_rounds_of_one_repetition(findings: list[Finding], plan: Plan) -> None:
    figures = json.loads(json.dumps(target_figures(plan, PARAMETERS, findings)))
    assert figures["denoiser_parameters"] == PARAMETERS
    plain = {
        (row["references"], sample["repeat"]): sample
        for row in figures["rows"]
        for sample in row["samples"]
        if row["method"] == "plain"
    }
    assert len(plain) == len(plan.references) * plan.size.repeats
    for row in figures["rows"]:
        assert len(row["samples"]) == plan.size.repeats
        for ratio, name in (("ratio", "step_seconds"), ("round_ratio", "round_seconds")):
            expected = statistics.median(
                sample[name] / plain[row["references"], sample["repeat"]][name]
                for sample in row["samples"]
            )
            assert row[ratio]["median"] == pytest.approx(expected)
        assert row["peak_bytes"] is None or row["peak_bytes"] == max(
            sample["peak_bytes"] for sample in row["samples"]
        )
        if row["method"] == "plain":
            assert row["ratio"] == {"median": 1, "low": 1, "high": 1}
            assert row["flop_ratio"] == 1
        reads_every_token = row["method"] == "published" or row["mode"] == "exact"
        assert row["floor"] <= row["flop_ratio"] + 1e-9 or not reads_every_token


def test_the_document_is_plain_json(findings: list[Finding], plan: Plan) -> None:
    def refuse(constant: str) -> Any:
        raise AssertionError(constant)  # NaN and infinity are no JSON

    figures = target_figures(plan, PARAMETERS, findings)
    json.loads(json.dumps(figures), parse_constant=refuse)


@pytest.mark.parametrize("kept", [0, 1, 3, 8, 9, 11, 20])
def test_what_was_found_before_an_interrupt(kept: int, findings: list[Finding], plan: Plan) -> None:
    found = findings[:kept]
    figures = target_figures(plan, PARAMETERS, found)
    counts = [x for x in found if isinstance(x, FlopCount)]
    samples = [x for x in found if isinstance(x, Sample)]
    assert len(figures["rows"]) == len(counts)
    assert sum(len(row["samples"]) for row in figures["rows"]) == len(samples)
    beside = {(x.repeat, x.references) for x in samples if x.variant == PLAIN}
    for row in figures["rows"]:
        compared = [x for x in row["samples"] if (x["repeat"], row["references"]) in beside]
        assert bool(row["ratio"]) is bool(compared)


def test_imports_are_compared_within_a_repetition() -> None:
    loaded = [Loaded(BASE, i, seconds) for i, seconds in enumerate((1.0, 2.0, 4.0))]
    loaded += [Loaded(STATEMENTS[1], i, seconds) for i, seconds in enumerate((0.5, 0.5, 0.4))]
    loaded += [Loaded(STATEMENTS[2], 3, 1.0)]  # interrupted before the other was run
    base, ours, widget = loading_figures(loaded)
    assert base["ratio"] == {"median": 1, "low": 1, "high": 1}
    assert ours["ratio"]["median"] == 0.25
    assert ours["samples"] == [0.5, 0.5, 0.4]
    assert widget["ratio"] is None
    assert widget["seconds"]["median"] == 1.0

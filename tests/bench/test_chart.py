"""The chart is a picture that stands alone and shows what was measured."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from fabric_widget.bench.chart import draw_chart, duration
from fabric_widget.bench.methods import MODES, PUBLISHED, Variant
from fabric_widget.bench.report import target_figures

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding

MACHINE = {"measured_on": "A & B <fast>"}
SVG = "{http://www.w3.org/2000/svg}"
CURVES = [  # as they are drawn
    *(Variant(method, mode) for mode in MODES for method in ("first", "later")),
    PUBLISHED,
]


@pytest.fixture(scope="module")
def figures(findings: list[Finding], plan: Plan) -> dict[str, Any]:
    return target_figures(plan, 1, findings)


def drawn(figures: dict[str, Any]) -> ET.Element:
    return ET.fromstring(draw_chart(figures, MACHINE))  # noqa: S314  (our own)


def name_of(variant: Variant) -> str:
    return f"{variant.method} round, {variant.mode}" if variant.mode else variant.method


def test_it_stands_alone(figures: dict[str, Any]) -> None:
    text = draw_chart(figures, MACHINE)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script", text)
    assert "prefers-color-scheme: dark" in text
    assert "A & B <fast>" in "".join(drawn(figures).itertext())


def test_every_curve_is_there_with_all_its_points(figures: dict[str, Any], plan: Plan) -> None:
    root = drawn(figures)
    names = {x.text for x in root.iter(f"{SVG}text")}
    assert {"plain", *(name_of(variant) for variant in CURVES)} <= names
    assert {str(n) for n in plan.references} <= names
    points = Counter(x.get("class") for x in root.iter(f"{SVG}circle"))
    assert sorted(points.values()) == [len(plan.references)] * len(CURVES)  # no two look alike


def test_a_method_has_one_colour_and_a_mode_one_stroke(figures: dict[str, Any]) -> None:
    lines = [x.get("class", "").split() for x in drawn(figures).iter(f"{SVG}polyline")]
    curves = dict(zip(CURVES, (line for line in lines if line != ["soft", "floor"]), strict=True))
    for (a, (hue_a, stroke_a)), (b, (hue_b, stroke_b)) in combinations(curves.items(), 2):
        assert (hue_a == hue_b) is (a.method == b.method)
        if a.mode and b.mode:
            assert (stroke_a == stroke_b) is (a.mode == b.mode)


def test_what_takes_longer_stands_higher(figures: dict[str, Any]) -> None:
    ratios = {
        (row["method"], row["mode"], row["references"]): row["ratio"]["median"]
        for row in figures["rows"]
    }
    heights = [float(x.get("cy", "")) for x in drawn(figures).iter(f"{SVG}circle")]
    by_curve = [
        ratios[variant.method, variant.mode, n] for variant in CURVES for n in figures["references"]
    ]
    pairs = sorted(zip(by_curve, heights, strict=True), reverse=True)
    assert all(a[1] <= b[1] for a, b in pairwise(pairs))


def test_no_name_is_over_another_and_each_is_joined_to_its_curve(figures: dict[str, Any]) -> None:
    root = drawn(figures)
    names = [x for x in root.iter(f"{SVG}text") if "name" in x.get("class", "").split()]
    heights = {x.text: float(x.get("y", "")) for x in names}
    others = {"plain", "least arithmetic, exact"}
    assert heights.keys() == others | {name_of(variant) for variant in CURVES}
    assert all(b - a >= 16 for a, b in pairwise(sorted(heights.values())))
    leaders = [x for x in root.iter(f"{SVG}line") if "leader" in x.get("class", "").split()]
    starts = {
        name.text: (leader.get("x1"), leader.get("y1"))
        for name, leader in zip(names, leaders, strict=True)
    }
    points = [(x.get("cx"), x.get("cy")) for x in root.iter(f"{SVG}circle")]
    numbers = len(figures["references"])
    for variant, end in zip(CURVES, points[numbers - 1 :: numbers], strict=True):
        assert starts[name_of(variant)] == end
    for name, leader in zip(names, leaders, strict=True):
        assert float(leader.get("y2", "")) == pytest.approx(
            float(name.get("y", "")) - 4.5, abs=0.11
        )
        assert name.get("class", "").split()[0] == leader.get("class", "").split()[0]


def test_one_number_of_references_is_enough(figures: dict[str, Any]) -> None:
    one = [row for row in figures["rows"] if row["references"] == 2]
    circles = list(drawn(figures | {"rows": one}).iter(f"{SVG}circle"))
    assert len(circles) == len(CURVES)


def test_nothing_timed_is_no_chart(figures: dict[str, Any]) -> None:
    rows = [row | {"ratio": None} for row in figures["rows"]]
    with pytest.raises(ValueError, match="nothing was timed on demo"):
        draw_chart(figures | {"rows": rows}, MACHINE)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0612, "61.2 ms"), (1.236, "1.24 s"), (123.4, "123 s"), (0.0001, "0.100 ms"), (0, "0 ms")],
)
def test_times_have_three_digits(seconds: float, words: str) -> None:
    assert duration(seconds) == words

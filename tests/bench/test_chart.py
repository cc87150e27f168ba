"""The chart is a picture that stands alone and shows what was measured."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from fabric_widget.bench.chart import draw_chart, duration
from fabric_widget.bench.report import target_figures

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding

MACHINE = {"measured_on": "A & B <fast>"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures(findings: list[Finding], plan: Plan) -> dict[str, Any]:
    return target_figures(plan, 1, findings)


def drawn(figures: dict[str, Any]) -> ET.Element:
    return ET.fromstring(draw_chart(figures, MACHINE))  # noqa: S314  (our own)


def test_it_stands_alone(figures: dict[str, Any]) -> None:
    text = draw_chart(figures, MACHINE)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script", text)
    assert "prefers-color-scheme: dark" in text
    assert "A & B <fast>" in "".join(drawn(figures).itertext())


def test_every_method_is_there_with_all_its_points(figures: dict[str, Any]) -> None:
    root = drawn(figures)
    names = {x.text for x in root.iter(f"{SVG}text")}
    assert {"plain", "published", "first round, exact", "later round, exact"} <= names
    assert {"0", "2"} <= names
    circles = [x.get("class") for x in root.iter(f"{SVG}circle")]
    assert circles.count("blue first") == circles.count("blue later") == 2
    assert circles.count("orange published") == 2


def test_what_takes_longer_stands_higher(figures: dict[str, Any]) -> None:
    rows = [row for row in figures["rows"] if row["method"] != "plain"]
    heights = [float(x.get("cy", "")) for x in drawn(figures).iter(f"{SVG}circle")]
    by_curve = sorted(rows, key=lambda row: ["first", "later", "published"].index(row["method"]))
    pairs = sorted(
        zip((row["ratio"]["median"] for row in by_curve), heights, strict=True), reverse=True
    )
    assert all(a[1] <= b[1] for a, b in pairwise(pairs))


def test_no_name_is_over_another(figures: dict[str, Any]) -> None:
    names = [x for x in drawn(figures).iter(f"{SVG}text") if "name" in (x.get("class") or "")]
    heights = sorted(float(x.get("y", "")) for x in names)
    assert len(heights) == 5
    assert all(b - a >= 16 for a, b in pairwise(heights))


def test_one_number_of_references_is_enough(figures: dict[str, Any]) -> None:
    one = [row for row in figures["rows"] if row["references"] == 2]
    assert len(list(drawn(figures | {"rows": one}).iter(f"{SVG}circle"))) == 3


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

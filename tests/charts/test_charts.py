"""Charts: ticks that enclose, curves inside their frame."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fabric_widget.charts import Line, forest_plot, line_chart, ticks
from fabric_widget.charts.heat_map import HeatMap, heat_map

NUMBERS = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(NUMBERS, NUMBERS, st.integers(3, 6))
def test_ticks_enclose_and_are_few_and_evenly_spaced(a: float, b: float, count: int) -> None:
    low, high = sorted((a, b))
    levels = ticks(low, high, count)
    step = levels[1] - levels[0]
    assume(step > 1e-9 * max(abs(low), abs(high)))
    assert levels[0] <= low + step * 1e-6
    assert levels[-1] >= high - step * 1e-6
    assert 2 <= len(levels) <= 2 * count
    assert all(y - x == pytest.approx(step, rel=1e-4) for x, y in pairwise(levels))


def chart(lines: list[Line], rounds: int = 3) -> ET.Element:
    numbers = [number for line in lines for number in line.extent()]
    levels = ticks(min(numbers), max(numbers))
    text = line_chart(lines, "name", "a < b", levels, rounds, legend=True)
    return ET.fromstring(text)  # noqa: S314  (our own)


@given(st.lists(st.tuples(NUMBERS, st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=5))
def test_everything_lies_inside_the_frame(values: list[tuple[float, float, float]]) -> None:
    line = Line("m1", "ours", [v for v, _, _ in values], [(v - a, v + b) for v, a, b in values])
    svg = chart([line], len(values))
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    points = [
        tuple(map(float, point.split(",")))
        for shape in (*svg.iter("polygon"), *svg.iter("polyline"))
        for point in shape.attrib["points"].split()
    ]
    points += [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in svg.iter("circle")]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    assert any("band" in shape.attrib["class"] for shape in svg.iter() if "class" in shape.attrib)


def test_rounds_without_a_value_have_no_point() -> None:
    svg = chart([Line("m1", "ours", [None, 0.5, 0.7], [None, (0.4, 0.6), (0.6, 0.8)])])
    assert len(list(svg.iter("circle"))) == 2 + 1  # and the legend's
    desc = svg.find("desc")
    assert desc is not None
    assert desc.text == "ours: –, 0.500, 0.700"


def test_an_interval_that_leaves_zero_out_is_sure() -> None:
    rows = [("less none", 0.2, 0.1, 0.3), ("less paper", 0.1, -0.1, 0.3), ("less <b>", -2, -3, -1)]
    svg = ET.fromstring(forest_plot(rows, "f", "title", css="m1"))  # noqa: S314
    dots = list(svg.iter("circle"))
    assert [dot.attrib["class"].split()[-1] for dot in dots] == ["sure", "unsure", "sure"]
    places = [float(dot.attrib["cx"]) for dot in dots]
    assert places == sorted(places, reverse=True)
    (zero,) = [line for line in svg.iter("line") if line.attrib["class"] == "zero"]
    assert places[1] > float(zero.attrib["x1"]) > places[2]


def test_a_heat_map_shows_every_value_in_its_cell_and_leaves_unknown_ones_blank() -> None:
    drawn = HeatMap("blue", "form", [[0.0, 0.5, 1.2], [None, -0.1, 0.9]], [["", "±1", ""]] * 2)
    parts, right, bottom = heat_map(drawn, ["a", "b"], ["x", "y", "z"], 100, 60)
    svg = ET.fromstring(f"<svg>{''.join(parts)}</svg>")  # noqa: S314  (our own)
    cells = [cell for cell in svg.iter("rect") if cell.attrib["class"] == "blue"]
    shares = [float(cell.attrib["style"].split()[-1]) for cell in cells]
    assert shares == [0, 0.5, 1, 0, 0.9]
    words = [text.text for text in svg.iter("text")]
    assert words[:6] == ["form", "x", "y", "z", "a", "b"]
    assert [word for word in words[6:] if word] == [
        "0.00",
        "0.50",
        "±1",
        "1.20",
        "−0.10",
        "±1",
        "0.90",
    ]
    for cell in svg.iter("rect"):
        x, y, width, height = (float(cell.attrib[n]) for n in ("x", "y", "width", "height"))
        assert 100 <= x < x + width <= right
        assert 60 <= y < y + height <= bottom

"""The shares of all cells as a picture: one heat map for color, one for form.

One SVG that follows the reader's colour scheme and fetches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.charts.heat_map import HeatMap, heat_map
from fabric_widget.charts.svg import element, picture, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]

_LEFT, _TOP, _BETWEEN, _EDGE = 130, 138, 34, 24  # pixels
_MAPS = {"color": "orange", "form": "blue"}
_STYLE = """
svg { color-scheme: light dark; --paper: #ffffff; --ink: #23211d; --soft: #6d685e; --edge: #efece4;
  --blue: #2f5fd0; --orange: #c2500a; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #17181b; --ink: #ecebe7; --soft: #a5a299;
  --edge: #26282d; --blue: #86a8ff; --orange: #ff9a5c; } }
.paper { fill: var(--paper); } .blank { fill: var(--edge); } text { fill: var(--soft); }
.title { fill: var(--ink); font-size: 18px; font-weight: 600; } .name { font-weight: 600; }
.number { fill: var(--ink); } .on { fill: var(--paper); } .note { font-size: 10.5px; }
.blue { fill: var(--blue); } .orange { fill: var(--orange); }
"""


def draw_chart(figures: Figures, name: str) -> str:
    """Return the chart as an SVG document.

    Parameters
    ----------
    figures
        What `figures_of` returned.
    name
        Of the pipeline.
    """
    rows = [group["name"] for group in figures["groups"]]
    columns = [part["name"] for part in figures["parts"]]
    title = "What of a liked picture comes over, by layers and steps"
    drawn: list[str] = []
    left, bottom = float(_LEFT), 0.0
    for i, (measure, css) in enumerate(_MAPS.items()):
        parts, right, bottom = heat_map(
            _map(figures, measure, css), rows if i == 0 else (), columns, left, _TOP
        )
        drawn += parts
        left = right + _BETWEEN
    size = (max(left - _BETWEEN + _EDGE, 640), bottom + _EDGE)
    return picture(
        size,
        [
            element("style", _STYLE),
            element("rect", class_="paper", width=size[0], height=size[1], rx=10),
            text((_EDGE, 34), title, "title"),
            text((_EDGE, 56), name),
            text((_EDGE, 76), _subtitle(figures)),
            *drawn,
        ],
        name="chart",
        title=f"{title}: {name}",
        description=_description(figures),
        xmlns="http://www.w3.org/2000/svg",
        width=size[0],
        height=size[1],
    )


def _map(figures: Figures, measure: str, css: str) -> HeatMap:
    count = len(figures["parts"])
    found = [cell[measure] for cell in figures["cells"]]
    table = [found[i : i + count] for i in range(0, len(found), count)]
    return HeatMap(
        css,
        measure,
        [[estimate["value"] for estimate in row] for row in table],
        [[interval(estimate) for estimate in row] for row in table],
    )


def interval(estimate: Figures) -> str:
    """Return the bounds of an estimate in words, or nothing if there are none."""
    low, high = estimate["low"], estimate["high"]
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def number(value: float) -> str:
    """Return a share with two digits."""
    return f"{value:z.2f}".replace("-", "−")


def _subtitle(figures: Figures) -> str:
    return (
        "0: as without it, 1: as if everything was borrowed; 95 % intervals over "
        f"{figures['references']} references"
    )


def _description(figures: Figures) -> str:
    return "; ".join(
        f"{cell['group']}, {cell['part']} steps: "
        + ", ".join(
            f"{measure} {'unknown' if value is None else number(value)}"
            for measure in _MAPS
            for value in (cell[measure]["value"],)
        )
        for cell in figures["cells"]
    )

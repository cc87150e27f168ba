"""A line chart: a value for each round, with an interval around it if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.charts.scales import Scale, tick_label
from fabric_widget.charts.svg import dot, line, picture, polygon, polyline, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDTH, _HEIGHT = 640, 276
_LEFT, _TOP, _RIGHT, _BOTTOM = 58, 18, 610, 216


@dataclass(frozen=True)
class Line:
    """A curve: a value for each round, and an interval around each if there is one.

    Parameters
    ----------
    css
        Class that has its colour.
    name
        For the legend and for screen readers.
    values
        None where a round has no value.
    intervals
        Lower and upper bounds, as many as there are values; empty for none.
    """

    css: str
    name: str
    values: Sequence[float | None]
    intervals: Sequence[tuple[float, float] | None] = ()

    def extent(self) -> list[float]:
        """Return every number that has to be inside the axes."""
        bounds = [bound for pair in self.intervals if pair for bound in pair]
        return [value for value in self.values if value is not None] + bounds


def line_chart(
    lines: Sequence[Line],
    name: str,
    title: str,
    levels: Sequence[float],
    rounds: int,
    *,
    legend: bool,
) -> str:
    """Return a chart of values round by round.

    Parameters
    ----------
    lines
        The curves; intervals are drawn below all of them.
    name
        An identifier that no other chart of the page has.
    title
        What it shows.
    levels
        The ticks of the vertical axis, from the lowest to the highest.
    rounds
        How many there are on the horizontal axis.
    legend
        Whether to name the lines below it.
    """
    x = Scale(0, max(1, rounds - 1), _LEFT, _RIGHT)
    y = Scale(levels[0], levels[-1], _BOTTOM, _TOP)
    parts: list[str] = []
    for level in levels:
        parts += [
            line("axis", (_LEFT, y(level)), (_RIGHT, y(level))),
            text((_LEFT - 10, y(level) + 4), tick_label(level, levels), anchor="end"),
        ]
    parts += [text((x(i), _BOTTOM + 24), str(i + 1), anchor="middle") for i in range(rounds)]
    for each in lines:
        parts += _band(each, x, y)
    for each in lines:
        points = [(x(i), y(value)) for i, value in enumerate(each.values) if value is not None]
        parts += [polyline(each.css, points), *(dot(each.css, point) for point in points)]
    if legend:
        parts += _legend(lines)
    return picture(
        (_WIDTH, _HEIGHT if legend else _BOTTOM + 34),
        parts,
        name=name,
        title=title,
        description="; ".join(
            f"{each.name}: {', '.join('–' if v is None else f'{v:.3f}' for v in each.values)}"
            for each in lines
        ),
        class_="curve",
    )


def _band(curve: Line, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the area between the bounds; of a single interval, an upright bar."""
    bounds = [(x(i), y(pair[0]), y(pair[1])) for i, pair in enumerate(curve.intervals) if pair]
    lower, upper = [(at, low) for at, low, _ in bounds], [(at, high) for at, _, high in bounds]
    if len(bounds) == 1:
        yield line(f"band {curve.css}", lower[0], upper[0])
    elif bounds:
        yield polygon(f"band {curve.css}", [*upper, *reversed(lower)])


def _legend(lines: Sequence[Line]) -> Iterator[str]:
    for i, each in enumerate(lines):
        left, baseline = _LEFT + 190 * i, _HEIGHT - 4
        yield dot(each.css, (left + 6, baseline - 4))
        yield text((left + 16, baseline), each.name, each.css)

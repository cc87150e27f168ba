"""Charts as SVG, coloured by the style sheet of the page that they stand in.

A line's colour is that of its CSS class, so a chart follows the reader's colour scheme.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SIZE = (640, 276)
_FRAME = (58, 18, 610, 216)
"""Left, top, right and bottom of a chart's axes within its picture."""
_ROW = 34
_LABELS = 190
_NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Line:
    """A curve: a value for each round, and an interval around each if there is one.

    Parameters
    ----------
    css
        Class that has its colour.
    name
        For the legend and for those who hear the chart.
    values
        None where there is nothing.
    intervals
        Lower and upper bounds, as many as there are values; empty for none.
    """

    css: str
    name: str
    values: Sequence[float | None]
    intervals: Sequence[tuple[float, float] | None] = ()

    def extent(self) -> list[float]:
        """Return every number that is to be within the frame."""
        bounds = [bound for pair in self.intervals if pair for bound in pair]
        return [value for value in self.values if value is not None] + bounds


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers at equal distances that enclose `low` and `high`, about `count`."""
    width = max(high - low, 1e-6 * max(abs(low), abs(high), 1))
    raw = width / max(1, count - 1)
    power = 10 ** math.floor(math.log10(raw))
    step = power * next(nice for nice in _NICE if nice * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


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
    place = _placing(levels, rounds)
    parts = [*_axes(levels, rounds, place)]
    for line in lines:
        parts += _bands(line, place)
    for line in lines:
        parts += _curves(line, place)
    parts += _legend(lines) if legend else ()
    said = "; ".join(
        f"{line.name}: {', '.join('–' if v is None else f'{v:.3f}' for v in line.values)}"
        for line in lines
    )
    height = _SIZE[1] if legend else _FRAME[3] + 34
    return _svg("curve", name, title, said, (_SIZE[0], height), parts)


def forest_plot(
    rows: Sequence[tuple[str, float, float, float]], name: str, title: str, *, css: str
) -> str:
    """Return differences with their intervals, one a row, on both sides of zero.

    Parameters
    ----------
    rows
        Of each: its name, the difference, and its lower and upper bound.
    name, title
        As for `line_chart`.
    css
        Class that has the colour.
    """
    lowest = min(0.0, *(low for _, _, low, _ in rows))
    highest = max(0.0, *(high for _, _, _, high in rows))
    levels = ticks(lowest, highest, 5)
    left, right = _LABELS, _SIZE[0] - 24
    bottom = 8 + _ROW * len(rows)

    def place(value: float) -> float:
        return left + (right - left) * (value - levels[0]) / (levels[-1] - levels[0])

    parts = []
    for level in levels:
        x, kind = place(level), "zero" if abs(level) < (levels[1] - levels[0]) / 2 else "axis"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{bottom}"/>')
        words = _written(level, levels, signed=True)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{words}</text>')
    for i, (label, mean, low, high) in enumerate(rows):
        y = 8 + _ROW * (i + 0.5)
        sure = "sure" if low > 0 or high < 0 else "unsure"
        parts.append(
            f'<text x="{left - 14}" y="{y + 4.5:.1f}" text-anchor="end">{escape(label)}</text>'
            f'<line class="whisker {css} {sure}" x1="{place(low):.1f}" x2="{place(high):.1f}" '
            f'y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<circle class="{css} {sure}" cx="{place(mean):.1f}" cy="{y:.1f}" r="5.5"/>'
        )
    said = "; ".join(f"{n}: {m:+.3f}, from {a:+.3f} to {b:+.3f}" for n, m, a, b in rows)
    return _svg("curve forest", name, title, said, (_SIZE[0], bottom + 30), parts)


def _placing(levels: Sequence[float], rounds: int) -> Callable[[int, float], tuple[float, float]]:
    left, top, right, bottom = _FRAME
    span = max(1, rounds - 1)

    def place(i: int, value: float) -> tuple[float, float]:
        share = (value - levels[0]) / (levels[-1] - levels[0])
        return left + (right - left) * i / span, bottom - (bottom - top) * share

    return place


def _axes(
    levels: Sequence[float], rounds: int, place: Callable[[int, float], tuple[float, float]]
) -> Iterator[str]:
    left, _, right, bottom = _FRAME
    for level in levels:
        y = place(0, level)[1]
        yield (
            f'<line class="axis" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{_written(level, levels)}'
            "</text>"
        )
    for i in range(rounds):
        x = place(i, levels[0])[0]
        yield f'<text x="{x:.1f}" y="{bottom + 24}" text-anchor="middle">{i + 1}</text>'


def _bands(line: Line, place: Callable[[int, float], tuple[float, float]]) -> Iterator[str]:
    there = [(i, pair) for i, pair in enumerate(line.intervals) if pair is not None]
    if len(there) == 1:  # of a single round, an upright bar
        ((i, (low, high)),) = there
        (x, y1), (_, y2) = place(i, low), place(i, high)
        ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
        yield f'<line class="band {line.css}" {ends}/>'
    elif there:
        upper = [place(i, high) for i, (_, high) in there]
        lower = [place(i, low) for i, (low, _) in reversed(there)]
        yield f'<polygon class="band {line.css}" points="{_joined([*upper, *lower])}"/>'


def _curves(line: Line, place: Callable[[int, float], tuple[float, float]]) -> Iterator[str]:
    points = [place(i, value) for i, value in enumerate(line.values) if value is not None]
    yield f'<polyline class="{line.css}" points="{_joined(points)}"/>'
    for x, y in points:
        yield f'<circle class="{line.css}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _legend(lines: Sequence[Line]) -> Iterator[str]:
    for i, line in enumerate(lines):
        x, y = _FRAME[0] + 190 * i, _SIZE[1] - 4
        yield f'<circle class="{line.css}" cx="{x + 6}" cy="{y - 4}" r="4"/>'
        yield f'<text class="{line.css}" x="{x + 16}" y="{y}">{escape(line.name)}</text>'


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _written(level: float, levels: Sequence[float], *, signed: bool = False) -> str:
    """Return a tick's number with as many digits as its neighbours need."""
    digits = max(0, 1 - math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    return f"{level:{'+' if signed and level else ''}.{digits}f}".replace("-", "−")


def _svg(
    css: str, name: str, title: str, said: str, size: tuple[float, float], parts: Sequence[str]
) -> str:
    return f"""<svg class="{css}" viewBox="0 0 {size[0]:g} {size[1]:g}" role="img"
 aria-labelledby="{name}-title {name}-words"><title id="{name}-title">{escape(title)}</title><desc
 id="{name}-words">{escape(said)}</desc>
{chr(10).join(parts)}
</svg>"""

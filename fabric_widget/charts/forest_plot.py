"""A forest plot: differences with their intervals, one a row, on both sides of zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.charts.scales import Scale, tick_label, ticks
from fabric_widget.charts.svg import dot, line, picture, text

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _LABELS, _TOP, _ROW = 640, 190, 8, 34  # pixels


def forest_plot(
    rows: Sequence[tuple[str, float, float, float]], name: str, title: str, *, css: str
) -> str:
    """Return a forest plot.

    Parameters
    ----------
    rows
        Of each: its name, the difference, and its lower and upper bound.
    name, title
        As for `line_chart`.
    css
        Class that has the colour. An interval that excludes zero has the class ``sure`` too,
        others ``unsure``.
    """
    lowest = min(0.0, *(low for _, _, low, _ in rows))
    highest = max(0.0, *(high for _, _, _, high in rows))
    levels = ticks(lowest, highest, 5)
    bottom = _TOP + _ROW * len(rows)
    x = Scale(levels[0], levels[-1], _LABELS, _WIDTH - 24)
    parts = []
    for level in levels:
        kind = "zero" if abs(level) < (levels[1] - levels[0]) / 2 else "axis"
        parts += [
            line(kind, (x(level), 4), (x(level), bottom)),
            text((x(level), bottom + 20), tick_label(level, levels, signed=True), anchor="middle"),
        ]
    for i, (label, mean, low, high) in enumerate(rows):
        y = _TOP + _ROW * (i + 0.5)
        kind = f"{css} {'sure' if low > 0 or high < 0 else 'unsure'}"
        parts += [
            text((_LABELS - 14, y + 4.5), label, anchor="end"),
            line(f"whisker {kind}", (x(low), y), (x(high), y)),
            dot(kind, (x(mean), y), 5.5),
        ]
    return picture(
        (_WIDTH, bottom + 30),
        parts,
        name=name,
        title=title,
        description="; ".join(f"{n}: {m:+.3f}, from {a:+.3f} to {b:+.3f}" for n, m, a, b in rows),
        class_="curve forest",
    )

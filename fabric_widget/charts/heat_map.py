"""Heat maps side by side: a value for each row and column, by how dark its cell is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.charts.svg import element, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CELL = (92, 46)  # pixels
_GAP = 3
_DARK = 0.85  # from here on numbers are written in the colour of the paper


@dataclass(frozen=True)
class HeatMap:
    """One map.

    Parameters
    ----------
    css
        Class that has its colour.
    title
        What the values are.
    values
        Rows of values, 0 … 1 from clear to full; None is left blank.
    notes
        Rows of small print below each value.
    """

    css: str
    title: str
    values: Sequence[Sequence[float | None]]
    notes: Sequence[Sequence[str]]


def heat_map(
    drawn: HeatMap, rows: Sequence[str], columns: Sequence[str], left: float, top: float
) -> tuple[list[str], float, float]:
    """Return the elements of a map whose first cell stands at a place, and its right and bottom.

    Parameters
    ----------
    drawn
        The map.
    rows, columns
        Their names; those of rows stand to the left, so that maps side by side share them: give no
        names to the others.
    left, top
        In pixels.
    """
    width, height = _CELL
    parts = [text((left, top - 30), drawn.title, "name")]
    parts += [
        text((left + (i + 0.5) * width, top - 9), name, anchor="middle")
        for i, name in enumerate(columns)
    ]
    for i, name in enumerate(rows):
        parts.append(text((left - 12, top + (i + 0.5) * height + 4), name, anchor="end"))
    for i, (values, notes) in enumerate(zip(drawn.values, drawn.notes, strict=True)):
        for j, (value, note) in enumerate(zip(values, notes, strict=True)):
            parts += _cell(drawn.css, (left + j * width, top + i * height), value, note)
    return parts, left + len(columns) * width, top + len(drawn.values) * height


def _cell(css: str, place: tuple[float, float], value: float | None, note: str) -> Iterator[str]:
    x, y = place
    width, height = _CELL[0] - _GAP, _CELL[1] - _GAP
    yield element("rect", class_="blank", x=x, y=y, width=width, height=height, rx=4)
    if value is None:
        return
    share = min(max(value, 0), 1)
    yield element(
        "rect",
        class_=css,
        x=x,
        y=y,
        width=width,
        height=height,
        rx=4,
        style=f"fill-opacity: {share:.2f}",
    )
    ink = "on" if share > _DARK else "number"
    yield text((x + width / 2, y + 19), f"{value:z.2f}".replace("-", "−"), ink, "middle")
    yield text((x + width / 2, y + 35), note, f"{ink} note", "middle")

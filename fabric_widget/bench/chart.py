"""One target's report as a picture: time of a step over the number of references.

Both axes are logarithmic: what doubles is one step, whether that is from 1 to 2 references or from
16 to 32. A method has its colour in all modes, and a mode its stroke in all methods. The picture is
one SVG that follows the reader's colour scheme and fetches nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.charts.scales import Scale
from fabric_widget.charts.svg import dot, element, line, picture, polyline, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.charts.svg import Point

    Row = Mapping[str, Any]

_WIDTH, _HEIGHT = 820, 470
_LEFT, _TOP, _RIGHT, _BOTTOM = 124, 84, 640, 400
_TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)
_TICK_GAP, _LABEL_GAP = 24, 17  # pixels
_NAMES = 22  # pixels from the frame to the names of the curves
_HUES = {"first": "green", "later": "blue", "published": "orange"}
_STROKES = ("solid", "dashed", "dotted")  # one for each mode
_STYLE = """
svg { color-scheme: light dark; --paper: #ffffff; --ink: #23211d; --soft: #6d685e; --edge: #e2ded4;
  --blue: #2f5fd0; --green: #14804a; --orange: #c2500a;
  font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #17181b; --ink: #ecebe7; --soft: #a5a299;
  --edge: #383b41; --blue: #86a8ff; --green: #3fc47f; --orange: #ff9a5c; } }
.paper { fill: var(--paper); } text { fill: var(--soft); } .title { fill: var(--ink);
  font-size: 18px; font-weight: 600; } .number { fill: var(--ink); }
.grid { stroke: var(--edge); } .one { stroke: var(--soft); stroke-width: 1.5; }
.blue { --hue: var(--blue); } .green { --hue: var(--green); } .orange { --hue: var(--orange); }
.soft { --hue: var(--soft); }
polyline { fill: none; stroke: var(--hue); stroke-width: 2.25; stroke-linejoin: round; }
.dashed { stroke-dasharray: 6 4; }
.dotted { stroke-dasharray: 2 4; } .floor { stroke-width: 1.25; stroke-dasharray: 1.5 3; }
circle { fill: var(--hue); } circle.dashed { fill: var(--paper); stroke: var(--hue);
  stroke-width: 2; stroke-dasharray: none; }
.bar { stroke: var(--hue); stroke-width: 1.25; opacity: .6; } text.name { fill: var(--hue); }
.leader { stroke: var(--hue); opacity: .6; }
"""


def draw_chart(target: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    """Return the chart of a target as an SVG document.

    Parameters
    ----------
    target
        What `target_figures` returned.
    machine
        What `describe` returned.

    Raises
    ------
    ValueError
        Nothing was timed.
    """
    rows = [row for row in target["rows"] if row["ratio"] is not None]
    if not rows:
        message = f"nothing was timed on {target['name']}: there is no chart to draw"
        raise ValueError(message)
    numbers = sorted({row["references"] for row in rows})
    ratios = [row["ratio"][name] for row in rows for name in ("low", "high")]
    ratios += [row["floor"] for row in rows if row["floor"]]
    x = Scale(numbers[0], numbers[-1], _LEFT + 24, _RIGHT - 12, math.log1p)
    y = Scale(min(ratios) / 1.04, max(ratios) * 1.04, _BOTTOM, _TOP, math.log)
    curves = _curves_of(rows)
    title = f"Time of a step with feedback: {target['title']}"
    parts = [
        element("style", _STYLE),
        element("rect", class_="paper", width=_WIDTH, height=_HEIGHT, rx=10),
        text((24, 34), title, "title"),
        text((24, 56), _subtitle(target, machine)),
        *_ratio_axis(y, target["plain"]["step_seconds"]["median"]),
        *_references_axis(x, numbers, disliked=target["disliked"]),
        *_drawn(x, y, curves),
    ]
    return picture(
        (_WIDTH, _HEIGHT),
        parts,
        name="chart",
        title=title,
        description=_description(curves),
        xmlns="http://www.w3.org/2000/svg",
        width=_WIDTH,
        height=_HEIGHT,
    )


@dataclass(frozen=True)
class _Curve:
    """A method in one mode: its name, how it looks, and its rows by number of references."""

    name: str
    hue: str
    stroke: str
    rows: Sequence[Row]


def _curves_of(rows: Sequence[Row]) -> list[_Curve]:
    modes = list(dict.fromkeys(row["mode"] for row in rows if row["mode"]))
    variants = dict.fromkeys((row["method"], row["mode"]) for row in rows)
    ordered = sorted(rows, key=lambda row: row["references"])
    return [
        _Curve(
            f"{method} round, {mode}" if mode else method,
            _HUES[method],
            _STROKES[modes.index(mode) % len(_STROKES)] if mode else _STROKES[0],
            [row for row in ordered if (row["method"], row["mode"]) == (method, mode)],
        )
        for method, mode in variants
        if method != "plain"
    ]


def _ratio_axis(y: Scale, plain_seconds: float) -> list[str]:
    """Return the horizontal lines with their ratios and times; too narrow ones are left out."""
    parts: list[str] = []
    above = math.inf
    shown = [tick for tick in _TICKS if y.low <= tick <= y.high]
    for tick in sorted(shown, key=lambda tick: (tick != 1, tick)):  # plain itself always stays
        level = y(tick)
        if tick != 1 and (abs(level - above) < _TICK_GAP or abs(level - y(1)) < _TICK_GAP):
            continue
        above = level if tick != 1 else above
        parts += [
            line("one" if tick == 1 else "grid", (_LEFT, level), (_RIGHT, level)),
            text((_LEFT - 10, level + 4.5), f"× {tick:g}", "number", "end"),
            text((_LEFT - 66, level + 4.5), duration(tick * plain_seconds), anchor="end"),
        ]
    return parts


def _references_axis(x: Scale, numbers: Sequence[int], *, disliked: bool) -> list[str]:
    liked = "half of them disliked" if disliked else "all liked"
    title = f"number of references, {liked}"
    return [
        *(text((x(n), _BOTTOM + 24), str(n), "number", "middle") for n in numbers),
        text(((_LEFT + _RIGHT) / 2, _BOTTOM + 48), title, anchor="middle"),
    ]


def _drawn(x: Scale, y: Scale, curves: Sequence[_Curve]) -> list[str]:
    parts: list[str] = []
    ends: list[tuple[Point, str, str]] = []
    every = [row for curve in curves for row in curve.rows]
    floors = {row["references"]: row["floor"] for row in every if row["floor"]}
    if floors:
        points = [(x(n), y(floors[n])) for n in sorted(floors)]
        parts.append(polyline("soft floor", points))
        ends.append((points[-1], "soft", "least arithmetic, exact"))
    ends.append(((_RIGHT, y(1)), "soft", "plain"))
    for curve in curves:
        for row in curve.rows:
            at, ratio = x(row["references"]), row["ratio"]
            parts.append(line(f"{curve.hue} bar", (at, y(ratio["low"])), (at, y(ratio["high"]))))
        points = [(x(row["references"]), y(row["ratio"]["median"])) for row in curve.rows]
        css = f"{curve.hue} {curve.stroke}"
        parts += [polyline(css, points), *(dot(css, point) for point in points)]
        ends.append((points[-1], curve.hue, curve.name))
    return parts + _names(ends)


def _names(ends: Sequence[tuple[Point, str, str]]) -> list[str]:
    """Write each name beside the end of its line, none over another, and join the two."""
    parts: list[str] = []
    below = math.inf
    for end, hue, name in sorted(ends, key=lambda item: item[0][1], reverse=True):
        below = min(end[1], below - _LABEL_GAP)
        parts += [
            line(f"{hue} leader", end, (_RIGHT + _NAMES - 4, below)),
            text((_RIGHT + _NAMES, below + 4.5), name, f"{hue} name"),
        ]
    return parts


def _subtitle(target: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    side, pictures = target["latent"], target["pictures"]
    grid = f"{pictures} picture{'s' * (pictures > 1)} of {side} × {side} latents"
    repeats = f"medians and quartiles of {target['repeats']}"
    return f"{grid}, {target['dtype']}; {machine['measured_on']}; {repeats}"


def _description(curves: Sequence[_Curve]) -> str:
    medians = [
        f"{curve.name}: "
        + ", ".join(f"{r['ratio']['median']:.2f} at {r['references']}" for r in curve.rows)
        for curve in curves
    ]
    return "Relative to the plain pipeline. " + "; ".join(medians)


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit: "61.2 ms", "1.24 s"."""
    scaled, unit = (seconds, "s") if seconds >= 1 else (seconds * 1000, "ms")
    digits = max(0, 2 - math.floor(math.log10(scaled))) if scaled > 0 else 0
    return f"{scaled:.{digits}f} {unit}"

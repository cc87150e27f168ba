"""One target's report as a picture: time of a step over the number of references.

Both axes are logarithmic: what doubles is one step, whether that is from 1 to 2 references or from
16 to 32. A method has its colour in all modes, and a mode its stroke in all methods. The picture is
one SVG that follows the reader's colour scheme and fetches nothing.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]
    Point = tuple[float, float]

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
.end { text-anchor: end; } .middle { text-anchor: middle; }
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
    ratios += [row["floor"] for row in rows]
    frame = _Frame(numbers, min(ratios) / 1.04, max(ratios) * 1.04)
    curves = _curves_of(rows)
    title = f"Time of a step with feedback: {target['title']}"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"
 width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-labelledby="title words">
<title id="title">{escape(title)}</title>
<desc id="words">{escape(_words(curves))}</desc>
<style>{_STYLE}</style>
<rect class="paper" width="{_WIDTH}" height="{_HEIGHT}" rx="10"/>
<text class="title" x="24" y="34">{escape(title)}</text>
<text x="24" y="56">{escape(_subtitle(target, machine))}</text>
{chr(10).join([*_axes(frame, target), *_drawn(frame, curves)])}
</svg>
"""


class _Frame:
    """Where a number of references and a ratio stand in the picture."""

    def __init__(self, numbers: Sequence[int], low: float, high: float) -> None:
        self.numbers, self.low, self.high = numbers, low, high

    def x(self, references: int) -> float:
        first, last = (math.log2(1 + n) for n in (self.numbers[0], self.numbers[-1]))
        share = (math.log2(1 + references) - first) / (last - first) if last > first else 0.5
        return _LEFT + 24 + (_RIGHT - _LEFT - 36) * share

    def y(self, ratio: float) -> float:
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return _BOTTOM - (_BOTTOM - _TOP) * share


class _Curve:
    """A method in one mode: its name, how it looks, and its rows by number of references."""

    def __init__(self, name: str, hue: str, stroke: str, rows: Sequence[Row]) -> None:
        self.name, self.hue, self.stroke = name, hue, stroke
        self.rows = sorted(rows, key=lambda row: row["references"])


def _curves_of(rows: Sequence[Row]) -> list[_Curve]:
    modes = list(dict.fromkeys(row["mode"] for row in rows if row["mode"]))
    ways = dict.fromkeys((row["method"], row["mode"]) for row in rows)
    return [
        _Curve(
            f"{method} round, {mode}" if mode else method,
            _HUES[method],
            _STROKES[modes.index(mode) % len(_STROKES)] if mode else _STROKES[0],
            [row for row in rows if (row["method"], row["mode"]) == (method, mode)],
        )
        for method, mode in ways
        if method != "plain"
    ]


def _axes(frame: _Frame, target: Mapping[str, Any]) -> list[str]:
    plain = target["plain"]["step_seconds"]["median"]
    parts: list[str] = []
    above = math.inf
    ticks = [tick for tick in _TICKS if frame.low <= tick <= frame.high]
    for tick in sorted(ticks, key=lambda tick: (tick != 1, tick)):  # plain itself is never left out
        y = frame.y(tick)
        if tick != 1 and (abs(y - above) < _TICK_GAP or abs(y - frame.y(1)) < _TICK_GAP):
            continue
        above = y if tick != 1 else above
        kind = "one" if tick == 1 else "grid"
        parts += [
            _line(kind, (_LEFT, y), (_RIGHT, y)),
            _text("number end", _LEFT - 10, y + 4.5, f"× {tick:g}"),
            _text("end", _LEFT - 66, y + 4.5, duration(tick * plain)),
        ]
    parts += [_text("number middle", frame.x(n), _BOTTOM + 24, str(n)) for n in frame.numbers]
    liked = "half of them disliked" if target["disliked"] else "all liked"
    parts.append(
        _text("middle", (_LEFT + _RIGHT) / 2, _BOTTOM + 48, f"number of references, {liked}")
    )
    return parts


def _drawn(frame: _Frame, curves: Sequence[_Curve]) -> list[str]:
    parts: list[str] = []
    ends: list[tuple[Point, str, str]] = []
    floors = {row["references"]: row["floor"] for curve in curves for row in curve.rows}
    if floors:
        points = [(frame.x(n), frame.y(floors[n])) for n in sorted(floors)]
        parts.append(_polyline("soft floor", points))
        ends.append((points[-1], "soft", "least arithmetic, exact"))
    ends.append(((_RIGHT, frame.y(1)), "soft", "plain"))
    for curve in curves:
        points = [(frame.x(r["references"]), frame.y(r["ratio"]["median"])) for r in curve.rows]
        kind = f"{curve.hue} {curve.stroke}"
        parts.append(_polyline(kind, points))
        for (x, y), row in zip(points, curve.rows, strict=True):
            low, high = (frame.y(row["ratio"][name]) for name in ("low", "high"))
            parts += [
                _line(f"{curve.hue} bar", (x, low), (x, high)),
                f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
            ]
        ends.append((points[-1], curve.hue, curve.name))
    return parts + _names(ends)


def _line(kind: str, start: Point, end: Point) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _polyline(kind: str, points: Sequence[Point]) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{joined}"/>'


def _names(ends: Sequence[tuple[Point, str, str]]) -> list[str]:
    """Write each name beside the end of its line, but none over another, and join the two."""
    parts: list[str] = []
    below = math.inf
    for (x, y), hue, name in sorted(ends, key=lambda end: end[0][1], reverse=True):
        below = min(y, below - _LABEL_GAP)
        parts += [
            _line(f"{hue} leader", (x, y), (_RIGHT + _NAMES - 4, below)),
            _text(f"{hue} name", _RIGHT + _NAMES, below + 4.5, name),
        ]
    return parts


def _subtitle(target: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    side, pictures = target["latent"], target["pictures"]
    grid = f"{pictures} picture{'s' * (pictures > 1)} of {side} × {side} latents"
    repeats = f"medians and quartiles of {target['repeats']}"
    return f"{grid}, {target['dtype']}; {machine['measured_on']}; {repeats}"


def _words(curves: Sequence[_Curve]) -> str:
    said = [
        f"{curve.name}: "
        + ", ".join(f"{r['ratio']['median']:.2f} at {r['references']}" for r in curve.rows)
        for curve in curves
    ]
    return "Relative to the plain pipeline. " + "; ".join(said)


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit: "61.2 ms", "1.24 s"."""
    scaled, unit = (seconds, "s") if seconds >= 1 else (seconds * 1000, "ms")
    digits = max(0, 2 - math.floor(math.log10(scaled))) if scaled > 0 else 0
    return f"{scaled:.{digits}f} {unit}"

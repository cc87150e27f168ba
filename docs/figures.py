"""Draw the figures of the explanation pages: run python docs/figures.py.

Each is computed with the package itself. The SVGs take the text colour of their page.
"""

from __future__ import annotations

import functools
import math
from html import escape
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

from fabric_widget import Everything, Explore, Fabric, Schedule, load_demo
from fabric_widget.engine.attention import Loan, blend
from fabric_widget.evaluation.scorers.round_statistics import saturation

IMAGES = Path(__file__).parent / "images"
BLUE, ORANGE, GREEN = "#3d7bd9", "#d9730d", "#2a9d63"  # visible on white and on black
# The colours of a figure that is opened without a page; the site removes this.
_STYLE = "<style>svg{color:#222}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"


class Drawing:
    """An SVG of lines, bars, dots and text; coordinates in pixels from the upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self._size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        self._parts: list[str] = []

    def line(
        self, *points: tuple[float, float], color: str = "currentColor", width: float = 1
    ) -> None:
        """Draw a line through points."""
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        faint = ' opacity=".35"' if color == "currentColor" else ""
        self._parts.append(
            f'<polyline points="{joined}" fill="none" '
            f'stroke="{color}" stroke-width="{width}"{faint}/>'
        )

    def bar(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Draw a filled rectangle."""
        size = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect {size} rx="1.5" fill="{color}"/>')

    def dot(self, x: float, y: float, color: str) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>')

    def text(self, x: float, y: float, text: str, anchor: str = "start", color: str = "") -> None:
        """Write text whose `anchor` (start, middle or end) is at x."""
        where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color or "currentColor"}"'
        self._parts.append(f"<text {where}>{escape(text)}</text>")

    def save(self, name: str) -> None:
        """Write the file."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" {self._size}'
        font = 'font-family="system-ui, sans-serif" font-size="13"'
        svg = "\n".join([f"{head} {font}>", _STYLE, *self._parts, "</svg>\n"])
        (IMAGES / name).write_text(svg, encoding="utf-8")


def share(references: int, weight: float, places: int = 256, channels: int = 32) -> float:
    """Return the references' share of the attention, measured on random queries and keys."""
    generator = torch.Generator().manual_seed(references)
    shape = (references + 2, 1, 4, places, channels)
    q, k, *reference_keys = torch.randn(shape, generator=generator).unbind()
    ones = torch.ones(1, 4, places, channels)
    loans = [Loan(keys, ones, math.log(weight)) for keys in reference_keys]
    return float(blend(q, k, torch.zeros_like(ones), loans).mean())


def draw_keys() -> None:
    """Draw the attention of one place over its own keys and a reference's, at three weights."""
    count, bar_height, left = 8, 46, 120
    generator = torch.Generator().manual_seed(3)
    q, k, reference = torch.randn(3, 1, 1, count, 4, generator=generator).unbind()
    ones, none = torch.eye(2 * count)[:, None, None], torch.zeros(1, 1, count, 2 * count)
    own, borrowed = none.clone(), none.clone()
    own[0, 0] = ones[:count, 0, 0]
    borrowed[0, 0] = ones[count:, 0, 0]
    padded = torch.nn.functional.pad  # keys get as many channels as the one-hot values
    pad = (0, 2 * count - 4)
    drawing = Drawing(680, 250)
    drawing.text(left + 110, 20, "own keys", "middle", BLUE)
    drawing.text(left + 350, 20, "keys of the reference", "middle", ORANGE)
    for row, weight in enumerate((0.0, 0.4, 0.8)):
        loans = [Loan(padded(reference, pad), borrowed, math.log(weight))] if weight else []
        attention = blend(padded(q, pad), padded(k, pad), own, loans, scale=0.5)[0, 0, 0].tolist()
        floor = 90 + row * 70
        drawing.text(left - 16, floor, f"weight {weight:g}", "end")
        drawing.line((left, floor), (left + 460, floor))
        for i, share_of_key in enumerate(attention):
            x = left + i * 28 + (i >= count) * 14
            height = share_of_key / 0.28 * bar_height
            drawing.bar(x, floor - height, 22, height, ORANGE if i >= count else BLUE)
        drawing.text(left + 478, floor, f"{sum(attention[count:]):.0%}", color=ORANGE)
    drawing.save("keys.svg")


def draw_shares() -> None:
    """Draw the references' share over their number: the plain sum, and one shared weight."""
    left, right, top, bottom = 64, 470, 20, 250
    numbers = (1, 2, 3, 4, 6, 8, 12, 16)

    def at(n: float, share: float) -> tuple[float, float]:
        return left + (n - 1) / 15 * (right - left), bottom - share * (bottom - top)

    drawing = Drawing(680, 305)
    for tenth in range(0, 11, 2):
        drawing.line(at(1, tenth / 10), at(16, tenth / 10))
        drawing.text(left - 10, at(1, tenth / 10)[1] + 4, f"{tenth * 10} %", "end")
    for n in (1, 2, 4, 6, 8, 12, 16):
        drawing.text(at(n, 0)[0], bottom + 20, str(n), "middle")
    drawing.text((left + right) / 2, bottom + 44, "number of liked pictures", "middle")
    curve = [1 + i / 4 for i in range(61)]
    for weight, color, name in (
        (0.8, ORANGE, "plain sum, weight 0.8"),
        (0.1, GREEN, "plain sum, weight 0.1"),
    ):
        drawing.line(*(at(n, n * weight / (1 + n * weight)) for n in curve), color=color, width=2)
        for n in numbers:
            drawing.dot(*at(n, share(n, weight)), color)
        drawing.text(right + 14, at(16, 16 * weight / (1 + 16 * weight))[1] + 4, name, color=color)
    drawing.line(*(at(n, 0.8 / 1.8) for n in curve), color=BLUE, width=2)
    for n in numbers:
        drawing.dot(*at(n, share(n, 0.8 / n)), BLUE)
    drawing.text(right + 14, at(16, 0.8 / 1.8)[1] + 4, "shared, weight 0.8", color=BLUE)
    drawing.save("shares.svg")


def draw_window() -> None:
    """Draw the weight of a like over the steps, for three schedules."""
    left, right, top, bottom, steps = 64, 470, 20, 190, 20

    def at(step: float, weight: float) -> tuple[float, float]:
        return left + step / steps * (right - left), bottom - weight * (bottom - top)

    drawing = Drawing(680, 245)
    for weight in (0, 0.5, 1):
        drawing.line(at(0, weight), at(steps, weight))
        drawing.text(left - 10, at(0, weight)[1] + 4, f"{weight:g}", "end")
    for step in range(0, steps + 1, 5):
        drawing.text(at(step, 0)[0], bottom + 20, str(step), "middle")
    drawing.text((left + right) / 2, bottom + 44, "step of 20", "middle")
    schedules = (
        (Schedule.reference_only(), GREEN, "reference_only()", 0.0),
        (Schedule.paper(), ORANGE, "paper(): also at the end", -2.0),
        (Schedule(), BLUE, "the default", 2.0),
    )
    for schedule, color, name, offset in schedules:
        points = []
        for step in range(steps):
            x, y = at(step, schedule.weight(step, steps))
            points += [(x, y + offset), (at(step + 1, 0)[0], y + offset)]
        drawing.line(*points, color=color, width=2.5)
        drawing.text(right + 14, points[-1][1] + 4, name, color=color)
    drawing.save("window.svg")


def draw_many_likes() -> None:
    """Draw what six likes do: not counting, each picture its own, sharing a weight, in full."""
    fabric = Fabric(load_demo(), plan=Everything())
    liked = fabric("a monster", num_images=6, seed=0)
    generate = functools.partial(fabric, "a monster", num_images=6, seed=100)
    full = Schedule(normalize=False)
    rows = {
        "liked": liked,
        "other seeds, no votes": generate(),
        "six likes, each its own": generate(liked=liked, plan=Explore()),
        "six likes share one weight": generate(liked=liked),
        "six likes in full": generate(liked=liked, schedule=full),
    }
    side, gap, margin = 104, 6, 190
    size = (margin + len(liked) * (side + gap), len(rows) * (side + gap))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for row, (name, made) in enumerate(rows.items()):
        y = row * (side + gap)
        label = f"{name}\nsaturation {saturation([one.image for one in made]):.2f}"
        draw.multiline_text((10, y + side / 2 - 16), label, "#333333", font, spacing=6)
        for i, one in enumerate(made):
            enlarged = one.image.resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(enlarged, (margin + i * (side + gap), y))
    sheet.save(IMAGES / "many-likes.png", optimize=True)


if __name__ == "__main__":
    draw_keys()
    draw_shares()
    draw_window()
    draw_many_likes()

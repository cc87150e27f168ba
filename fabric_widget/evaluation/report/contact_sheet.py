"""A story as one picture: rounds as rows, with feedback on the left, without it on the right."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from fabric_widget.evaluation.report import thumb_icon

if TYPE_CHECKING:
    from fabric_widget.evaluation.people.simulated_user import Verdict
    from fabric_widget.evaluation.report.story import Chapter, Grid, Story

_PAPER = "#f6f4ef"
_CARD = "#ffffff"
_EDGE = "#e2ded4"
_INK = "#23211d"
_SOFT = "#6d685e"
_BAR = "#d9d4c8"
_ACCENT = "#2f5fd0"

_SIDE = 192
"""Side of a picture on the sheet: three times the demo's own."""
_GAP = 16
_PAD = 24
_LABELS = 176
_MARGIN = 56
_HEAD = 196
_FOOT = 84
_COLUMNS = 4
_SMOOTH = 8
"""Shapes are drawn this many times larger and reduced: Pillow does not antialias."""


def draw_sheet(story: Story) -> Image.Image:
    """Return the contact sheet of a story that has at least one chapter.

    Each picture shows how well it matches the taste (100% less the distance); the votes are badges
    on the pictures.

    Raises
    ------
    ValueError
        No chapter was finished.
    """
    if not story.chapters:
        message = "the story has no finished round to draw"
        raise ValueError(message)
    count = story.plan.images
    columns = min(count, _COLUMNS)
    rows = math.ceil(count / columns)
    card = (
        2 * _PAD + columns * _SIDE + (columns - 1) * _GAP,
        2 * _PAD + 52 + rows * (_SIDE + 44) - 20,
    )
    width = 2 * _MARGIN + _LABELS + 2 * card[0] + 2 * _PAD
    height = _HEAD + len(story.chapters) * (card[1] + _PAD) + _FOOT
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    left = _MARGIN + _LABELS
    right = left + card[0] + 2 * _PAD
    _head(draw, story, left, right)
    votes = 0
    for chapter in story.chapters:
        y = _HEAD + (chapter.round - 1) * (card[1] + _PAD)
        _label(draw, chapter, votes, y + _PAD)
        for x, grid, color in (
            (left, chapter.with_feedback, _ACCENT),
            (right, chapter.without_feedback, _SOFT),
        ):
            draw.rounded_rectangle((x, y, x + card[0], y + card[1]), 18, _CARD, _EDGE, 2)
            _grid(sheet, draw, grid, (x + _PAD, y + _PAD), color)
        votes += chapter.with_feedback.verdict.count
    _foot(draw, story, left, height - _FOOT + 20)
    return sheet


def _head(draw: ImageDraw.ImageDraw, story: Story, left: int, right: int) -> None:
    plan = story.plan
    wide = draw.im.size[0] - 2 * _MARGIN
    for y, size, color, words in (
        (40, 46, _INK, f"Looking for “{plan.taste.text}”"),
        (100, 27, _SOFT, f"saying only “{plan.prompt}” and voting: the best up, the worst down"),
    ):
        text = " ".join(words.split())
        fitting = size * min(1, wide / draw.textlength(text, _font(size)))
        draw.text((_MARGIN, y), text, color, _font(int(fitting)))
    draw.text((left, 156), "with feedback", _ACCENT, _font(28))
    draw.text((right, 156), "same seeds, no feedback", _SOFT, _font(28))


def _label(draw: ImageDraw.ImageDraw, chapter: Chapter, votes: int, y: int) -> None:
    draw.text((_MARGIN, y), f"Round {chapter.round}", _INK, _font(34))
    since = f"after {votes} votes" if votes else "no votes yet"
    draw.text((_MARGIN, y + 46), since, _SOFT, _font(21))


def _grid(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, grid: Grid, corner: tuple[int, int], color: str
) -> None:
    x, y = corner
    columns = min(len(grid.images), _COLUMNS)
    across = columns * _SIDE + (columns - 1) * _GAP
    draw.text((x, y - 4), f"{_percent(grid.mean)} match", color, _font(26))
    _meter(sheet, (x + 172, y + 6), across - 172, 1 - grid.mean, color)
    for i, image in enumerate(grid.images):
        left = x + i % columns * (_SIDE + _GAP)
        top = y + 52 + i // columns * (_SIDE + 44)
        sheet.paste(_enlarged(image), (left, top), _corners(_SIDE))
        draw.text(
            (left + _SIDE / 2, top + _SIDE + 6),
            _percent(grid.distances[i]),
            _INK if i in {grid.verdict.liked, grid.verdict.disliked} else _SOFT,
            _font(22),
            anchor="ma",
        )
        _vote(sheet, grid.verdict, i, (left, top))


def _vote(sheet: Image.Image, verdict: Verdict, position: int, corner: tuple[int, int]) -> None:
    if position not in {verdict.liked, verdict.disliked}:
        return
    up = position == verdict.liked
    frame = _frame(thumb_icon.GREEN if up else thumb_icon.RED)
    sheet.paste(frame, (corner[0] - 4, corner[1] - 4), frame)
    badge = _badge(up=up)
    sheet.paste(badge, (corner[0] + _SIDE - badge.width + 14, corner[1] - 14), badge)


def _foot(draw: ImageDraw.ImageDraw, story: Story, left: int, y: int) -> None:
    last = story.chapters[-1]
    words = (
        f"Round {last.round}: {_percent(last.with_feedback.mean)} match with feedback, "
        f"{_percent(last.without_feedback.mean)} without. "
        "100% is exactly the taste, as a classifier of pictures reads it."
    )
    draw.text((left, y), words, _SOFT, _font(22))


def _percent(distance: float) -> str:
    return f"{1 - distance:.0%}"


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _enlarged(image: Image.Image) -> Image.Image:
    return image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _soft(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a large transparent canvas; `_reduced` makes its edges smooth."""
    canvas = Image.new("RGBA", (width * _SMOOTH, height * _SMOOTH))
    return canvas, ImageDraw.Draw(canvas)


def _reduced(canvas: Image.Image) -> Image.Image:
    return canvas.reduce(_SMOOTH)


def _meter(
    sheet: Image.Image, corner: tuple[int, int], width: int, share: float, color: str
) -> None:
    height = 12
    canvas, draw = _soft(width, height)
    whole = (0, 0, width * _SMOOTH - 1, height * _SMOOTH - 1)
    radius = height * _SMOOTH // 2
    draw.rounded_rectangle(whole, radius, _BAR)
    filled = max(height, share * width) * _SMOOTH
    draw.rounded_rectangle((0, 0, filled - 1, whole[3]), radius, color)
    bar = _reduced(canvas)
    sheet.paste(bar, corner, bar)


@cache
def _corners(side: int) -> Image.Image:
    """Return the mask of a square with rounded corners."""
    canvas, draw = _soft(side, side)
    draw.rounded_rectangle((0, 0, side * _SMOOTH - 1, side * _SMOOTH - 1), 10 * _SMOOTH, "white")
    return _reduced(canvas)


@cache
def _frame(color: str) -> Image.Image:
    side = _SIDE + 8
    canvas, draw = _soft(side, side)
    box = (0, 0, side * _SMOOTH - 1, side * _SMOOTH - 1)
    draw.rounded_rectangle(box, 14 * _SMOOTH, outline=color, width=5 * _SMOOTH)
    return _reduced(canvas)


@cache
def _badge(*, up: bool) -> Image.Image:
    side = 58
    canvas, draw = _soft(side, side)
    scale = side * _SMOOTH / thumb_icon.SIDE
    draw.ellipse((0, 0, side * _SMOOTH - 1, side * _SMOOTH - 1), "white")
    inset = 3 * _SMOOTH
    outer = side * _SMOOTH - 1 - inset
    draw.ellipse((inset, inset, outer, outer), thumb_icon.GREEN if up else thumb_icon.RED)
    for outline in (thumb_icon.CUFF, thumb_icon.HAND):
        points = [(x, y if up else thumb_icon.SIDE - y) for x, y in outline]
        shrunk = [(50 + (x - 51) * 0.8, 50 + (y - (48 if up else 52)) * 0.8) for x, y in points]
        draw.polygon([(x * scale, y * scale) for x, y in shrunk], "white")
    return _reduced(canvas)

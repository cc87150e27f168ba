"""A contact sheet of a round: prompt, pictures, seeds, votes."""

from __future__ import annotations

import math
import textwrap
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from fabric_widget.widget.images.encoding import pixels

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from fabric_widget.engine import Round

_PAPER = "#ffffff"
_INK = "#1f2328"
_SOFT = "#59636e"
_GREEN = "#1a7f37"
_RED = "#cf222e"
_GOLD = "#bf8700"
_MARGIN = 16
_GAP = 12
_LABEL = 24
_LINE = 26
_COLUMNS = 4
_WORDS = ("colors", "form", "subject", "background")
_LETTER = 9.2  # pixels, about the width of one at the size of the prompt
_FRAME = 4
_BADGE = 30
_SMOOTH = 4
"""Badges are drawn this many times larger and reduced: Pillow draws no soft edges."""


def contact_sheet(
    made: Round,
    strengths: Mapping[str, float],
    width: int = 1040,
    starred: Container[str] = (),
) -> Image.Image:
    """Return a round as one picture.

    Parameters
    ----------
    made
        The round.
    strengths
        Signed strengths of votes by what they are about, as in `Session.strengths`.
    width
        Of the sheet, in pixels.
    starred
        Ids of pictures that get a star.
    """
    columns = _columns(len(made))
    side = (width - 2 * _MARGIN - (columns - 1) * _GAP) // columns
    first = pixels(made[0])
    tall = max(1, round(side * first.height / first.width))
    words = textwrap.wrap(
        made.prompt or "(no prompt)", int((width - 2 * _MARGIN) / _LETTER), max_lines=2
    )
    head = _MARGIN + _LINE * len(words) + 8
    rows = math.ceil(len(made) / columns)
    votes = [votes_on(picture.id, strengths) for picture in made]
    label = _LABEL * (2 if any(what for one in votes for what in one) else 1)
    sheet = Image.new("RGB", (width, head + rows * (tall + label + _GAP) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, line in enumerate(words):
        draw.text((_MARGIN, _MARGIN + i * _LINE), line, _INK, _font(18))
    for i, picture in enumerate(made):
        left = _MARGIN + i % columns * (side + _GAP)
        top = head + i // columns * (tall + label + _GAP)
        sheet.paste(_scaled(pixels(picture), (side, tall)), (left, top))
        strength = _leading(votes[i])
        if strength:
            box = (left, top, left + side - 1, top + tall - 1)
            draw.rectangle(box, outline=_GREEN if strength > 0 else _RED, width=_FRAME)
            badge = _badge(up=strength > 0)
            sheet.paste(badge, (left + side - _BADGE - 8, top + 8), badge)
        if picture.id in starred:
            star = _star()
            sheet.paste(star, (left + 8, top + 8), star)
        draw.text((left, top + tall + 4), _label(picture.seed, votes[i]), _SOFT, _font(14))
    return sheet


def side_by_side(
    title: str, shown: Sequence[tuple[Image.Image, str]], width: int = 640
) -> Image.Image:
    """Return pictures beside each other, with a line under each."""
    side = (width - 2 * _MARGIN - (len(shown) - 1) * _GAP) // len(shown)
    talls = [max(1, round(side * one.height / one.width)) for one, _ in shown]
    lines = textwrap.wrap(title, int((width - 2 * _MARGIN) / _LETTER), max_lines=2)
    head = _MARGIN + _LINE * len(lines) + 8
    sheet = Image.new("RGB", (width, head + max(talls) + 2 * _LABEL + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, line in enumerate(lines):
        draw.text((_MARGIN, _MARGIN + i * _LINE), line, _INK, _font(18))
    for i, ((picture, label), tall) in enumerate(zip(shown, talls, strict=True)):
        left = _MARGIN + i * (side + _GAP)
        sheet.paste(_scaled(picture, (side, tall)), (left, head))
        for at, line in enumerate(textwrap.wrap(label, int(side / 7), max_lines=2)):
            draw.text((left, head + tall + 4 + at * 18), line, _SOFT, _font(14))
    return sheet


def votes_on(identity: str, strengths: Mapping[str, float]) -> dict[str, float]:
    """Return what of a picture was voted on in words ("" for all of it), with the strengths."""
    found = {}
    for key, strength in strengths.items():
        name, *words = key.split(":")
        if name == identity:
            told = [word if word in _WORDS else "a part" for word in words if word != "anywhere"]
            found[" of ".join(told)] = strength
    return found


def caption(made: Round, strengths: Mapping[str, float], starred: Container[str] = ()) -> str:
    """Return a text alternative of the contact sheet."""
    count = len(made)
    words = f"{count} picture{'s' * (count != 1)} of “{made.prompt}”, seeds from {made.seed}"
    votes = [votes_on(picture.id, strengths) for picture in made]
    for verb, sign in (("liked", 1), ("disliked", -1)):
        told = []
        for i, one in enumerate(votes):
            whats = [what for what, strength in one.items() if sign * strength > 0]
            why = f" ({', '.join(filter(None, whats))})" if any(whats) else ""
            told += [f"{i + 1}{why}"] if whats else []
        words += f"; {verb}: {', '.join(told)}" if told else ""
    best = [str(i) for i, picture in enumerate(made, 1) if picture.id in starred]
    return f"{words}; starred: {', '.join(best)}" if best else words


def _leading(votes: Mapping[str, float]) -> float:
    """Return the strength of the vote on all of a picture, else of the newest one; 0 if none."""
    return votes.get("", [0.0, *votes.values()][-1])


def _columns(count: int) -> int:
    """Return the number of columns that fills the rows best."""
    rows = math.ceil(count / _COLUMNS)
    return math.ceil(count / rows)


def _label(seed: int, votes: Mapping[str, float]) -> str:
    told = ", ".join(f"{strength:+g} {what}".strip() for what, strength in votes.items())
    return f"seed {seed}{chr(10) if any(votes) else '   '}{told}".replace("-", "−").strip()


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    small = image.width * 2 < size[0]
    way = Image.Resampling.BICUBIC if small else Image.Resampling.LANCZOS
    return image.resize(size, way)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _star() -> Image.Image:
    """Return a star on a disc."""
    side = _BADGE * _SMOOTH
    canvas = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(canvas)
    draw.ellipse((0, 0, side - 1, side - 1), "white")
    turns = (math.pi * i / 5 for i in range(10))
    points = [
        (0.5 + r * math.sin(turn), 0.5 - r * math.cos(turn))
        for turn, r in zip(turns, (0.42, 0.18) * 5, strict=True)
    ]
    draw.polygon([(x * side, y * side) for x, y in points], _GOLD)
    return canvas.reduce(_SMOOTH)


@cache
def _badge(*, up: bool) -> Image.Image:
    """Return an arrow up or down on a disc, readable without colours."""
    side = _BADGE * _SMOOTH
    canvas = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(canvas)
    draw.ellipse((0, 0, side - 1, side - 1), "white")
    draw.ellipse((6, 6, side - 7, side - 7), _GREEN if up else _RED)
    arrow = [(0.5, 0.22), (0.76, 0.52), (0.6, 0.52), (0.6, 0.78), (0.4, 0.78), (0.4, 0.52)]
    arrow.append((0.24, 0.52))
    draw.polygon([(x * side, (y if up else 1 - y) * side) for x, y in arrow], "white")
    return canvas.reduce(_SMOOTH)

"""Draw the gallery of styles, with the demo model: run python docs/gallery.py.

A dozen pictures are made, a style is what a person would like of them (here the reader of the demo
model picks, so that nobody's hand is in it), and every style is used with every prompt, on the
seeds of the plain pictures.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from fabric_widget import Fabric, Session, load_demo
from fabric_widget.demo.reader import load_reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget import Style
    from fabric_widget.engine import GeneratedImage

    Row = tuple[str, Sequence[Image.Image], Sequence[Image.Image]]

PLACE = Path(__file__).parent / "images" / "styles.webp"
PROMPTS = ("a monster", "a flower", "a fish")
SIDE, GAP, LABEL, LIKES = 104, 6, 150, 2


@dataclass(frozen=True)
class Taste:
    """What a style is about.

    Parameters
    ----------
    name
        Of the style.
    attribute, value
        What the liked pictures have.
    aspect
        What of them counts.
    """

    name: str
    attribute: str
    value: str
    aspect: str


TASTES = (
    Taste("on pink", "background", "pink", "colors"),
    Taste("dotted", "pattern", "dotted", "form"),
    Taste("on green", "background", "green", "all"),
)


def style_of(session: Session, taste: Taste) -> Style:
    """Return the votes of somebody who likes the pictures that fit a taste best."""
    pictures = [picture for made in session.rounds for picture in made]
    readings = load_reader().read([picture.image for picture in pictures])
    fits = [reading.probabilities[taste.attribute][taste.value] for reading in readings]
    session.clear()
    for at in sorted(range(len(pictures)), key=fits.__getitem__)[-LIKES:]:
        session.like(pictures[at], aspect=taste.aspect)
    return session.style(taste.name)


def counted(pictures: Sequence[GeneratedImage], taste: Taste) -> int:
    """Return how many pictures have what a style is about, by the reader."""
    readings = load_reader().read([picture.image for picture in pictures])
    return sum(reading.best(taste.attribute) == taste.value for reading in readings)


def sheet_of(
    rows: Sequence[tuple[str, Sequence[Image.Image], Sequence[Image.Image]]],
) -> Image.Image:
    """Return rows of a label, the pictures of a style, and those that were made."""
    columns = LIKES + len(rows[0][2])
    width = LABEL + columns * (SIDE + GAP) + 2 * GAP
    sheet = Image.new("RGB", (width, len(rows) * (SIDE + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (label, likes, made) in enumerate(rows):
        y = GAP + number * (SIDE + GAP)
        draw.multiline_text((GAP, y + SIDE / 2 - 24), label, "#333333", font, spacing=5)
        for at, picture in enumerate(likes):
            small = picture.resize((SIDE // 2, SIDE // 2), Image.Resampling.LANCZOS)
            sheet.paste(small, (LABEL + at * (SIDE // 2 + GAP), y + SIDE // 4))
        for at, picture in enumerate(made):
            x = LABEL + LIKES * (SIDE // 2 + GAP) + 3 * GAP + at * (SIDE + GAP)
            sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
    used = LABEL + LIKES * (SIDE // 2 + GAP) + 3 * GAP + len(rows[0][2]) * (SIDE + GAP)
    return sheet.crop((0, 0, used, sheet.height))


def main() -> None:
    """Draw."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=12, help="to choose from")
    options.add_argument("--seeds", type=int, default=2, help="for each prompt")
    options.add_argument("--place", type=Path, default=PLACE)
    given = options.parse_args()
    fabric = Fabric(load_demo())
    session = Session(fabric, seed=500)
    for prompt in PROMPTS:
        session.generate(prompt, num_images=given.pictures // len(PROMPTS))
    styles = [style_of(session, taste) for taste in TASTES]

    def pictures(**votes: Any) -> list[GeneratedImage]:
        rounds = [fabric(prompt, num_images=given.seeds, seed=100, **votes) for prompt in PROMPTS]
        return [picture for made in rounds for picture in made]

    plain = pictures()
    rows: list[Row] = [("no style", [], [picture.image for picture in plain])]
    for taste, style in zip(TASTES, styles, strict=True):
        made = pictures(liked=style)
        before, after = counted(plain, taste), counted(made, taste)
        told = f"{taste.name}\n({taste.aspect})\n{after} of {len(made)}, was {before}"
        print(told.replace("\n", " "), flush=True)  # noqa: T201  (it is what it does)
        likes = [vote.image.image for vote in style.votes]  # type: ignore[union-attr]
        rows.append((told, likes, [picture.image for picture in made]))
    sheet_of(rows).save(given.place, quality=82, method=6)


if __name__ == "__main__":
    main()

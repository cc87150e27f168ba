"""A film of the widget in JupyterLab, for the README: out/film.webp. `make film` makes it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect

from .conftest import SCREENSHOTS
from .notebook import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from .notebook import Notebook, Widget

pytestmark = [
    pytest.mark.soak,
    pytest.mark.parametrize(("server", "kernel"), [("lab", "ipykernel-7")], indirect=True),
]
FILM = SCREENSHOTS.parents[1] / "film.webp"
MOST_BYTES = 1_500_000
WINDOW_WIDTH, WINDOW_HEIGHT = 1420, 940  # pixels: wide enough for four pictures beside each other
WIDTH, CAPTION = 1000, 44
CELL = """w = FabricWidget(prompt="a monster", num_images=4, steps=20, seed=7, auto=False)
w.show()"""


class Film:
    """Takes pictures of a widget and puts them one after the other, with a line of words."""

    def __init__(self, page: Page, widget: Widget) -> None:
        self._page = page
        self._widget = widget
        self._frames: list[Image.Image] = []
        self._durations: list[int] = []

    def shoot(self, words: str, seconds: float = 2.4) -> None:
        """Add what is to be seen now."""
        self._widget.root.evaluate("root => root.scrollIntoView({block: 'start'})")
        shown = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        shown.thumbnail((WIDTH, WINDOW_HEIGHT), Image.Resampling.LANCZOS)
        frame = Image.new("RGB", (WIDTH, shown.height + CAPTION), "white")
        frame.paste(shown, (0, CAPTION))
        font = ImageFont.load_default(22)
        ImageDraw.Draw(frame).text((WIDTH / 2, CAPTION / 2), words, "#1b1d24", font, anchor="mm")
        self._frames.append(frame)
        self._durations.append(round(1000 * seconds))

    def save(self) -> None:
        """Write the film."""
        first, *others = self._frames
        first.save(
            FILM,
            save_all=True,
            append_images=others,
            duration=self._durations,
            loop=0,
            quality=85,
            method=6,
        )


def test_a_film(notebook: Callable[..., Notebook]) -> None:
    book = notebook(CELL)
    page = book.page
    page.set_viewport_size({"width": WINDOW_WIDTH, "height": WINDOW_HEIGHT})
    book.command("application:toggle-left-area")
    widget = book.widget().wait(phase="idle")
    film = Film(page, widget)
    film.shoot("A prompt, and a round of pictures")
    widget.button("Next round").click()
    expect(widget.pictures.first).to_be_visible(timeout=PATIENCE)
    film.shoot("They appear while they are being made", 1.4)
    widget.wait(round=0, phase="ready").ids()
    film.shoot("Which comes closest to what you mean?")
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    film.shoot("Like one of them …")
    widget.button("colors of picture 1").click()
    film.shoot("… and say why: only its colors")
    widget.button("Zoom picture 3").click()
    for key in ("p", "ArrowUp", "Shift+ArrowRight"):
        page.keyboard.press(key)
    film.shoot("Mark a part of another one …")
    page.keyboard.press("l")
    expect(widget.root.get_by_role("application")).to_have_count(0, timeout=PATIENCE)
    page.keyboard.press("Escape")
    film.shoot("… and like that part")
    widget.generate(1)
    widget.root.locator(".fw-card").nth(1).hover()
    film.shoot("Each picture says what it tries, and from whom", 3.2)
    widget.button("Lens for picture 2").click()
    expect(widget.root.get_by_role("grid")).to_be_focused(timeout=PATIENCE)
    expect(widget.root.locator(".fw-lens-veil").first).to_be_visible(timeout=PATIENCE)
    film.shoot("The lens shows which place borrowed what", 3.2)
    page.keyboard.press("Escape")
    widget.button("Drafts").click()
    widget.wait(round=2, phase="ready").ids()
    film.shoot("Drafts: many pictures in few steps")
    widget.button("Finish picture 1").click()
    widget.wait(round=3, phase="ready").ids()
    widget.button("Star picture 1").click()
    expect(widget.root.get_by_role("region", name="Best so far")).to_be_visible(timeout=PATIENCE)
    film.shoot("Finish one in full, and star the best", 3.2)
    film.save()
    assert 50_000 < FILM.stat().st_size < MOST_BYTES

"""Pictures of the widget in JupyterLab, for people to look at: out/screenshots/hosts/*.png."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import SCREENSHOTS
from .notebook import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook

pytestmark = pytest.mark.parametrize(("server", "kernel"), [("lab", "ipykernel-7")], indirect=True)
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
CELL = """pipe = load_demo()
w = FabricWidget(pipe, prompt="a monster", num_images=4, steps=150, seed=7, auto=False)
w.show()"""


@pytest.mark.parametrize("theme", THEMES)
def test_screenshots(notebook: Callable[..., Notebook], theme: str) -> None:
    book = notebook(CELL)
    page = book.page
    page.set_viewport_size({"width": 1280, "height": 1300})
    book.command("apputils:change-theme", theme=THEMES[theme])
    book.command("application:toggle-left-area")
    widget = book.widget().wait(phase="idle", theme=theme)

    def shoot(state: str) -> None:
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        widget.root.evaluate("root => root.scrollIntoView({block: 'start'})")
        page.mouse.move(2, 2)
        path = SCREENSHOTS / f"lab-{theme}-{state}.png"
        path.unlink(missing_ok=True)
        page.screenshot(path=path)
        assert path.stat().st_size > 10_000

    shoot("idle")
    widget.button("Next round").click()
    step = re.compile(r"\b[2-9]\d of 150\b")
    expect(widget.root.get_by_text(step).first).to_be_visible(timeout=PATIENCE)
    expect(widget.pictures.first).to_be_visible(timeout=PATIENCE)
    shoot("running")
    widget.button("Stop").click()
    widget.wait(phase="idle")
    book.evaluate("w.set_trait('steps', 12)")
    widget.generate(0)
    widget.like(1).click()
    widget.button("Dislike picture 2").click()
    widget.generate(1)
    widget.like(3).click()
    widget.expect_vote(3, liked=True)
    shoot("votes")
    widget.button("Lens for picture 1").click()
    expect(widget.root.get_by_role("grid")).to_be_focused(timeout=PATIENCE)
    expect(widget.root.locator(".fw-lens-veil").first).to_be_visible(timeout=PATIENCE)
    shoot("lens")
    page.keyboard.press("Escape")
    book.evaluate("str(pipe.unet.register_forward_pre_hook(lambda *_: 1 / 0))")
    widget.button("Next round").click()
    widget.wait(phase="error")
    expect(widget.root.get_by_role("alert")).to_contain_text("division by zero")
    shoot("error")
    book.command("apputils:change-theme", theme=THEMES["light"])
    widget.wait(theme="light")

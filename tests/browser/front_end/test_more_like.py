"""More like one picture: asked for from its menu, by a key, from the zoom; and what lines say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, pictures, ready, round_of, tried
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.front_end.widget_page import Opener

SCREENSHOTS = Path(__file__).parents[3] / "out/screenshots"


@pytest.mark.parametrize("host", DIALECTS)
def test_it_is_asked_for_with_controls_and_votes_which_stay(
    open_widget: Opener, host: Host
) -> None:
    votes = {ids(0)[0]: 1}
    widget = open_widget(ready(votes=votes), host=host)
    widget.prompt.fill("a blue fish")
    widget.more(2, "More like picture 2").click()
    (message,) = widget.wait_sent("more_like")
    assert message["id"] == ids(0)[1]
    assert message["votes"] == votes
    assert message["controls"]["prompt"] == "a blue fish"
    assert widget.saved("votes") == []


def test_a_key_asks_for_it_in_the_grid_and_in_the_zoom(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(3)
    widget.page.keyboard.press("n")
    assert widget.wait_sent("more_like")[-1]["id"] == ids(0)[2]
    widget.page.keyboard.press("Enter")
    expect(widget.dialog("Picture 3")).to_be_visible()
    widget.page.keyboard.press("ArrowRight")
    widget.page.keyboard.press("n")
    assert widget.wait_sent("more_like", 2)[-1]["id"] == ids(0)[3]
    expect(widget.root.locator("dialog[open]")).to_have_count(0)


def test_without_a_kernel_nothing_is_asked(open_widget: Opener) -> None:
    widget = open_widget()
    widget.close()
    widget.focus_card(1)
    widget.page.keyboard.press("n")
    widget.settle()
    assert widget.sent("more_like") == []


def test_an_older_round_that_is_looked_at_gives_way_to_the_one_asked_for(
    open_widget: Opener,
) -> None:
    widget = open_widget(ready(2))
    widget.button("Look at round 1").click()
    widget.more(1, "More like picture 1").click()
    assert widget.wait_sent("more_like")[-1]["id"] == ids(0)[0]
    expect(widget.root).to_have_attribute("data-round", "1")


def test_a_tap_on_the_line_shows_its_sources_until_the_next(
    open_widget: Opener, page: Page
) -> None:
    widget = open_widget(tried())
    line = widget.card(2).locator("button.fw-tries")
    lit = widget.root.locator("[data-lit]")
    expect(line).to_have_attribute("aria-pressed", "false")
    line.click()
    page.mouse.move(0, 0)
    expect(line).to_have_attribute("aria-pressed", "true")
    expect(lit).to_have_count(2)
    widget.card(1).hover()
    expect(lit).to_have_count(2)  # of what was tapped, wherever the pointer is
    line.click()
    expect(lit).to_have_count(0)
    expect(line).to_have_attribute("aria-pressed", "false")


def test_escape_ends_it_and_only_then_leaves_the_grid(open_widget: Opener, page: Page) -> None:
    widget = open_widget(tried())
    line = widget.card(2).locator("button.fw-tries")
    line.click()
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    expect(widget.root.locator("[data-lit]")).to_have_count(0)
    assert widget.focused_card() == 2
    page.keyboard.press("Escape")
    assert widget.focused_card() is None


def test_another_tap_shows_others_and_a_new_round_ends_it(open_widget: Opener, page: Page) -> None:
    widget = open_widget(tried())
    widget.card(2).locator("button.fw-tries").click()
    widget.card(1).locator("button.fw-tries").click()
    page.mouse.move(0, 0)
    expect(widget.root.locator("[data-lit]")).to_have_count(1)
    expect(widget.root.locator("button.fw-tries[aria-pressed=true]")).to_have_count(1)
    widget.prompt.focus()
    widget.kernel(round=round_of(2, pictures(8)))
    expect(widget.root.locator("[data-lit]")).to_have_count(0)
    widget.kernel(round=tried()["round"])
    expect(widget.root.locator("[data-lit]")).to_have_count(0)


def test_a_finger_is_enough(browser: Browser, server: str) -> None:
    """Tap, as a phone does: pointer events of a finger, and no hover."""
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{server}/harness.html")
    options = {"shape": "backbone", "buffers": "view", "shadow": False, "library": {}}
    options |= {"lenses": {}, "views": 1, "hold": [], "script": "widget", "looks": {}}
    page.evaluate("([t, o]) => harness.open(t, o)", [tried(), options])
    line = page.locator(".fw-card").nth(1).locator("button.fw-tries")
    lit = page.locator("[data-lit]")
    line.tap()
    expect(lit).to_have_count(2)
    line.tap()
    expect(lit).to_have_count(0)
    box = line.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_a_picture_is_taken(page: Page, open_widget: Opener, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 1200})
    widget = open_widget(tried())
    widget.card(2).locator("button.fw-tries").click()
    expect(widget.more(1, "More like picture 1")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"more-like-{width}-{scheme}.png")

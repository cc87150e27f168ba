"""An earlier session is offered, in nobody's way; what failed is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import failed, idle, offered, ready
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.front_end.widget_page import Opener, WidgetPage

NAME = "2026-05-04-120000-abcdef"


def offer_of(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("region", name="An earlier session")


@pytest.mark.parametrize("host", DIALECTS)
def test_an_offer_says_what_it_is_about(open_widget: Opener, host: Host) -> None:
    widget = open_widget(offered(note="It is in use by another kernel."), host=host)
    offer = offer_of(widget)
    expect(offer).to_contain_text("“a fox” · 3 rounds · 1 vote · ")
    expect(offer).to_contain_text("2026")
    expect(offer).to_contain_text("It is in use by another kernel.")
    expect(offer.locator("img")).to_have_count(3)
    widget.expect_loaded(offer.locator("img"))


def test_continue_by_keyboard(open_widget: Opener) -> None:
    widget = open_widget(offered())
    widget.button("Continue").focus()
    widget.page.keyboard.press("Enter")
    (sent,) = widget.wait_sent("resume")
    assert sent["name"] == NAME
    expect(widget.root.locator(":focus")).to_have_count(1)
    widget.kernel(saving={"folder": "", "offer": None}, round=ready()["round"])
    expect(offer_of(widget)).to_be_hidden()


def test_start_anew(open_widget: Opener) -> None:
    widget = open_widget(offered())
    widget.button("Start anew").click()
    widget.wait_sent("anew")


def test_a_round_can_be_asked_for_without_an_answer(open_widget: Opener) -> None:
    widget = open_widget(offered())
    widget.button("Next round").click()
    widget.wait_sent("generate")
    widget.kernel(saving={"folder": "", "offer": None})
    expect(offer_of(widget)).to_be_hidden()
    assert not widget.sent("anew")


def test_words_of_an_offer_are_text(open_widget: Opener) -> None:
    html = "<b class=evil>x</b>"
    widget = open_widget(offered(prompt=html, note=html))
    expect(offer_of(widget)).to_contain_text(html)
    expect(widget.root.locator(".evil")).to_have_count(0)


def test_without_an_offer_there_is_none(open_widget: Opener) -> None:
    expect(offer_of(open_widget(idle()))).to_be_hidden()


def test_a_page_without_a_kernel_offers_nothing(open_widget: Opener) -> None:
    widget = open_widget(offered())
    widget.close()
    expect(offer_of(widget)).to_be_hidden()


def test_thumbnails_are_let_go(open_widget: Opener) -> None:
    widget = open_widget(offered())
    expect(offer_of(widget).locator("img")).to_have_count(3)
    widget.kernel(saving={"folder": "", "offer": None})
    expect(offer_of(widget).locator("img")).to_have_count(0)
    assert widget.page.evaluate("() => harness.leaks()")["urls"] == 0


def test_fingers_can_hit_the_buttons(open_widget: Opener) -> None:
    widget = open_widget(offered())
    for name in ("Continue", "Start anew"):
        box = widget.button(name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24


def test_what_failed_is_tried_again(open_widget: Opener) -> None:
    widget = open_widget(failed())
    widget.button("Retry").click()
    widget.wait_sent("retry")


@pytest.mark.parametrize(
    ("folder", "words"),
    [("/home/me/sessions", "save themselves where the kernel runs"), ("", "autosave is off")],
)
def test_the_help_says_what_is_saved(open_widget: Opener, folder: str, words: str) -> None:
    widget = open_widget(ready(saving={"folder": folder, "offer": None}))
    widget.button("Help").click()
    expect(widget.dialog("Keyboard")).to_contain_text(words)
    expect(widget.dialog("Keyboard")).to_contain_text(folder)

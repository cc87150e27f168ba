"""Drafts: many pictures to look over quickly, some of them finished; and pictures enlarged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import drafted, ids, pictures, ready, round_of
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener


@pytest.mark.parametrize("host", DIALECTS)
def test_drafts_are_asked_for_with_all_controls(open_widget: Opener, host: Host) -> None:
    widget = open_widget(ready(votes={ids(0)[0]: 1}), host=host)
    widget.prompt.fill("a blue fish")
    widget.button("Drafts").click()
    (message,) = widget.wait_sent("draft")
    assert message["controls"]["prompt"] == "a blue fish"
    assert message["votes"] == {ids(0)[0]: 1}


def test_a_draft_is_finished_by_mouse_and_by_keyboard(open_widget: Opener) -> None:
    widget = open_widget(drafted(12))
    widget.button("Finish picture 3").click()
    (message,) = widget.wait_sent("finish")
    assert message["id"] == ids(0)[2]
    widget.focus_card(5)
    widget.page.keyboard.press(".")
    widget.page.keyboard.press("Enter")  # the first entry
    assert widget.wait_sent("finish", 2)[-1]["id"] == ids(0, 12)[4]


def test_only_drafts_can_be_finished(open_widget: Opener) -> None:
    widget = open_widget()
    expect(widget.button("Finish picture 1")).to_be_hidden()


def test_a_picture_is_enlarged_and_an_enlarged_one_is_left_alone(open_widget: Opener) -> None:
    widget = open_widget()
    widget.more(2, "twice as large").click()
    (message,) = widget.wait_sent("enlarge")
    assert message["id"] == ids(0)[1]
    widget.kernel(round=round_of(0, pictures(0, 1)) | {"kind": "enlarged"})
    expect(widget.button("Lens for picture 1")).to_have_attribute("aria-disabled", "true")
    widget.more(1, "Download")
    for action, disabled in (("Make", True), ("Download", False)):
        found = widget.root.get_by_role("button", name=f"{action} picture 1").first
        assert (found.get_attribute("aria-disabled") == "true") is disabled


def test_sixteen_drafts_fit_a_phone(page: Page, open_widget: Opener) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    widget = open_widget(drafted(16))
    cards = widget.root.locator(".fw-card")
    expect(cards).to_have_count(16)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    for number in (1, 16):
        for name in ("Finish", "Like"):
            box = widget.button(f"{name} picture {number}").bounding_box()
            assert box is not None
            assert box["width"] >= 24
            assert box["height"] >= 24

"""Stars and comparisons: the best pictures so far, and one picture beside another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, ready
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener, WidgetPage

FIRST, SECOND = ids(0), ids(4)


def split(widget: WidgetPage) -> str:
    return str(
        widget.root.locator(".fw-compare").evaluate(
            "(one) => one.style.getPropertyValue('--fw-split')"
        )
    )


@pytest.mark.parametrize("host", DIALECTS)
def test_a_star_is_given_and_taken_back(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    strip = widget.root.get_by_role("list", name="Best so far", exact=True)
    expect(strip).to_be_hidden()
    widget.button("Star picture 2").click()
    (message,) = widget.wait_sent("star")
    assert (message["id"], message["starred"]) == (FIRST[1], True)
    widget.kernel(starred=[FIRST[1]])
    expect(widget.button("Star picture 2")).to_have_attribute("aria-pressed", "true")
    expect(widget.button("Star picture 1")).to_have_attribute("aria-pressed", "false")
    expect(strip.get_by_role("listitem")).to_have_count(1)
    widget.button("Star picture 2").click()
    assert widget.wait_sent("star", 2)[-1]["starred"] is False


def test_the_key_stars_the_focused_picture_also_when_zoomed(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(3)
    widget.page.keyboard.press("*")
    assert widget.wait_sent("star")[-1]["id"] == FIRST[2]
    widget.page.keyboard.press("Enter")
    widget.page.keyboard.press("ArrowRight")
    widget.page.keyboard.press("*")
    assert widget.wait_sent("star", 2)[-1]["id"] == FIRST[3]


def test_the_strip_keeps_pictures_of_all_rounds_and_zooms_them(open_widget: Opener) -> None:
    widget = open_widget(ready(2, starred=[FIRST[0], SECOND[3]]))
    widget.button("Zoom Round 1, picture 1, starred").click()
    dialog = widget.dialog("Round 1, picture 1")
    expect(dialog).to_be_visible()
    widget.page.keyboard.press("ArrowRight")
    expect(widget.dialog("Round 2, picture 4")).to_be_visible()


def test_a_picture_is_compared_with_the_newest_like(open_widget: Opener) -> None:
    widget = open_widget(ready(2, votes={FIRST[0]: 1, FIRST[2]: 1, SECOND[1]: -1}))
    widget.focus_card(2)
    widget.page.keyboard.press("t")
    dialog = widget.dialog("Picture 2")
    choice = dialog.get_by_role("combobox", name="Compare with", exact=True)
    expect(choice).to_have_value(FIRST[2])
    assert choice.get_by_role("option").all_inner_texts() == [
        "Round 1, picture 3",
        "Round 1, picture 1",
        "Round 2, picture 1",
        "Round 2, picture 3",
        "Round 2, picture 4",
    ]
    divider = dialog.get_by_role("slider")
    expect(divider).to_be_focused()
    widget.page.keyboard.press("ArrowRight")
    assert split(widget) == "51%"
    rival = dialog.locator(".fw-rival")
    before = rival.get_attribute("src")
    choice.select_option(FIRST[0])
    assert rival.get_attribute("src") != before
    widget.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(divider).to_be_hidden()
    widget.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert widget.focused_card() == 2


def test_the_divider_is_dragged(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Zoom picture 1").click()
    widget.dialog("Picture 1").get_by_role("button", name="Compare (T)").click()
    stage = widget.root.locator(".fw-compare")
    box = stage.bounding_box()
    assert box is not None
    widget.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    widget.page.mouse.down()
    widget.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    widget.page.mouse.up()
    assert split(widget) == "25%"


def test_nothing_is_compared_with_nothing(open_widget: Opener) -> None:
    widget = open_widget(ready(1))
    one = {**widget.trait("round"), "images": widget.trait("round")["images"][:1]}
    widget.kernel(round=one, history=[])
    widget.button("Zoom picture 1").click()
    compare = widget.dialog("Picture 1").get_by_role("button", name="Compare (T)")
    expect(compare).to_have_attribute("aria-disabled", "true")
    widget.page.keyboard.press("t")
    expect(widget.root.locator(".fw-compare")).to_be_hidden()

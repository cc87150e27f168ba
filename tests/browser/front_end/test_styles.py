"""Styles: kept under a name, listed, used with one click, removed when pressed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, picture, ready
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener, WidgetPage

HELD = ("styles", "save_style", "use_style", "delete_style")
ROWS: list[Json] = [
    {"name": "ink", "likes": 2, "dislikes": 1, "thumbs": 2},
    {"name": "<b class=evil>x</b>", "likes": 0, "dislikes": 1, "thumbs": 1},
]
VOTES = {ids(0)[0]: 1}


def reply(widget: WidgetPage, kind: str, rows: list[Json] | None) -> None:
    """Answer the newest message of a type, with styles and their pictures."""
    request = widget.wait_sent(kind)[-1]["request"]
    told: dict[str, Any] = {} if rows is None else {"styles": rows}
    count = sum(row["thumbs"] for row in rows or [])
    thumbs = [picture(seed).thumb for seed in range(count)]
    widget.message({"type": "answer", "request": request, **told}, thumbs)


def opened(open_widget: Opener, rows: list[Json], host: Host | None = None) -> WidgetPage:
    widget = open_widget(ready(votes=VOTES), host=host or Host(), hold=HELD)
    widget.root.locator("summary").filter(has_text="Styles").click()
    reply(widget, "styles", rows)
    return widget


def entries(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("list", name="Styles", exact=True).get_by_role("listitem")


@pytest.mark.parametrize("host", DIALECTS)
def test_a_style_is_used_with_one_click(open_widget: Opener, host: Host) -> None:
    widget = opened(open_widget, ROWS, host)
    expect(entries(widget)).to_have_count(2)
    expect(entries(widget).nth(1)).to_contain_text("<b class=evil>x</b>")
    expect(widget.root.locator(".evil")).to_have_count(0)
    for at, count in enumerate((2, 1)):
        images = entries(widget).nth(at).locator("img")
        expect(images).to_have_count(count)
        widget.expect_loaded(images)
    widget.button("Use ink: 2 liked, 1 disliked").click()
    assert widget.wait_sent("use_style")[0]["name"] == "ink"
    reply(widget, "use_style", None)
    expect(widget.root.get_by_text("ink is used: undo takes it off.")).to_be_visible()


def test_votes_are_kept_under_a_name_by_keyboard(open_widget: Opener) -> None:
    widget = opened(open_widget, [])
    expect(widget.root.get_by_text("No styles yet", exact=False)).to_be_visible()
    widget.root.get_by_role("textbox", name="Style name").focus()
    widget.page.keyboard.type(" round heads ")
    widget.page.keyboard.press("Enter")
    assert widget.wait_sent("save_style")[0]["name"] == "round heads"
    reply(widget, "save_style", ROWS[:1])
    expect(entries(widget)).to_have_count(1)
    expect(widget.root.get_by_role("textbox", name="Style name")).to_have_value("")
    widget.page.keyboard.press("Enter")  # no name: nothing is asked for
    widget.kernel(votes={})
    keep = widget.button("Keep as a style")
    expect(keep).to_have_attribute("aria-disabled", "true")
    widget.settle()
    assert len(widget.sent("save_style")) == 1


def test_what_is_removed_was_pressed_twice(open_widget: Opener) -> None:
    widget = opened(open_widget, ROWS)
    widget.button("Remove ink").focus()
    widget.page.keyboard.press("Enter")
    expect(widget.button("Press again to remove ink")).to_be_focused()
    widget.page.keyboard.press("Tab")  # thought better of it
    expect(widget.button("Remove ink")).to_be_visible()
    assert not widget.sent("delete_style")
    widget.button("Remove ink").click()
    widget.button("Press again to remove ink").click()
    assert widget.wait_sent("delete_style")[0]["name"] == "ink"
    reply(widget, "delete_style", ROWS[1:])
    expect(entries(widget)).to_have_count(1)
    expect(widget.root.get_by_role("textbox", name="Style name")).to_be_focused()


def test_a_refusal_is_told_and_the_name_stays(open_widget: Opener) -> None:
    widget = opened(open_widget, ROWS)
    field = widget.root.get_by_role("textbox", name="Style name")
    field.fill("ink")
    widget.button("Keep as a style").click()
    widget.wait_sent("save_style")
    widget.refuse("save_style", "there is a style 'ink' already")
    expect(widget.root.locator(".fw-notice")).to_contain_text("there is a style 'ink' already")
    expect(field).to_have_value("ink")
    expect(entries(widget)).to_have_count(2)


def test_small_pictures_are_let_go(open_widget: Opener) -> None:
    widget = opened(open_widget, ROWS)
    expect(entries(widget)).to_have_count(2)
    before = widget.page.evaluate("() => harness.leaks()")["urls"]
    widget.root.locator("summary").filter(has_text="Styles").click()
    widget.root.locator("summary").filter(has_text="Styles").click()
    widget.wait_sent("styles", 2)
    reply(widget, "styles", [])
    expect(entries(widget)).to_have_count(0)
    assert widget.page.evaluate("() => harness.leaks()")["urls"] == before - 3

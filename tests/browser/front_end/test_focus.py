"""The focus: one tab stop for the grid, and it survives whatever changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, ready, running, status

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener

FIRST = ids(0)


def test_tab_goes_through_and_out(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    page = widget.page
    page.locator("#before").focus()
    stops = 0
    while page.evaluate("() => document.activeElement.id") != "after":
        page.keyboard.press("Tab")
        stops += 1
        assert stops < 80, "Tab never came out"
    back = 0
    while page.evaluate("() => document.activeElement.id") != "before":
        page.keyboard.press("Shift+Tab")
        back += 1
        assert back < 80, "Shift+Tab never came out"
    assert stops == back


def test_the_grid_is_one_tab_stop(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    page = widget.page
    inside = "() => document.activeElement.closest('.fw-grid') !== null"
    for start in (1, 3):
        widget.focus_card(start)
        assert page.evaluate(inside)
        page.keyboard.press("Tab")
        assert widget.focused_card() in {None, start}, "Tab may only walk the buttons of this card"
        page.keyboard.press("Shift+Tab")
        assert widget.focused_card() == start, "the grid remembers its place"
    stops = widget.grid.evaluate(
        """(grid) => [...grid.querySelectorAll(".fw-card")].filter((card) =>
            [card, ...card.querySelectorAll("button, input, a[href], [tabindex]")].some((node) =>
                node.tabIndex >= 0 && !node.closest("[hidden], [inert]") && node.checkVisibility()
            )).length"""
    )
    assert stops == 1


def test_the_focus_survives_status_updates(open_widget: Opener) -> None:
    widget = open_widget(running())
    widget.focus_card(3)
    for step in range(8, 14):
        widget.kernel(status=status("running", 20 + step, job=2, step=step, steps=20, count=4))
    widget.settle()
    assert widget.focused_card() == 3
    widget.prompt.focus()
    widget.kernel(status=status("stopping", 50, job=2, step=14, steps=20, count=4))
    expect(widget.prompt).to_be_focused()


def test_the_focus_stays_in_its_place_through_a_new_round(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(3)
    widget.kernel(status=status("running", 20, job=2, step=1, steps=20, count=4))
    widget.settle()
    after = ready(2)
    widget.kernel(round=after["round"], history=after["history"], status=status("ready", 30, job=2))
    widget.expect_pictures(ids(4))
    assert widget.focused_card() == 3


def test_the_focus_does_not_fall_out_when_the_new_round_is_smaller(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(4)
    after = ready(2)
    after["round"]["images"] = after["round"]["images"][:1]
    widget.kernel(round=after["round"], history=after["history"], status=status("ready", 30, job=2))
    expect(widget.cards).to_have_count(1)
    assert widget.focused_card() == 1


def test_the_focus_survives_votes(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Like picture 2").focus()
    widget.page.keyboard.press("Space")
    expect(widget.button("Like picture 2")).to_be_focused()
    expect(widget.button("Like picture 2")).to_have_attribute("aria-pressed", "true")


def test_removing_from_the_shelf_does_not_lose_the_focus(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1, FIRST[1]: 1}))
    widget.shelf("Liked").first.get_by_role("button", name="Remove").focus()
    widget.page.keyboard.press("Enter")
    expect(widget.shelf("Liked")).to_have_count(1)
    inside = widget.page.evaluate("() => document.activeElement.closest('.fabric-widget') !== null")
    assert inside

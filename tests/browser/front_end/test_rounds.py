"""Rounds: looking back, going on from there, and taking back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, pictures, ready, round_of, row_of, status, tried
from tests.browser.front_end.widget_page import HOSTS, Host, WidgetPage

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener


def rows(widget: WidgetPage) -> list[str]:
    history = widget.root.get_by_role("region", name="History", exact=True)
    return [row.get_attribute("data-round") or "" for row in history.locator("[data-round]").all()]


def test_every_round_is_a_row(open_widget: Opener) -> None:
    widget = open_widget(ready(3))
    assert sorted(rows(widget)) == ["0", "1", "2"]
    history = widget.root.get_by_role("region", name="History", exact=True)
    expect(history.locator("[data-round='1']")).to_contain_text("a monster")
    expect(history.locator("[data-round='1'] img")).to_have_count(4)
    widget.expect_loaded(history.locator("[data-round='1'] img"))


@pytest.mark.parametrize("host", HOSTS)
def test_look_at_an_older_round(open_widget: Opener, host: Host) -> None:
    widget = open_widget(ready(3), host=host)
    widget.expect_pictures(ids(8))
    widget.button("Look at round 1").click()
    expect(widget.root).to_have_attribute("data-round", "0")
    widget.expect_pictures(ids(0))
    asked = widget.sent("fetch")
    assert {(one["id"], one["kind"]) for one in asked if one["kind"] == "screen"} == {
        (name, "screen") for name in ids(0)
    }
    for image in widget.grid.locator("img").all():
        expect(image).to_have_js_property("naturalWidth", 128)
    widget.button("Look at round 3").click()
    expect(widget.root).to_have_attribute("data-round", "2")
    widget.expect_pictures(ids(8))


def test_votes_count_in_an_older_round_too(open_widget: Opener) -> None:
    widget = open_widget(ready(2))
    widget.button("Look at round 1").click()
    expect(widget.root).to_have_attribute("data-round", "0")
    widget.button("Like picture 3").click()
    assert widget.trait("votes") == {ids(0)[2]: 1}


def test_looking_is_no_message_about_the_round(open_widget: Opener) -> None:
    widget = open_widget(ready(2))
    widget.button("Look at round 1").click()
    expect(widget.root).to_have_attribute("data-round", "0")
    assert widget.saved() == []
    assert widget.sent("branch") == []


def test_a_new_round_while_looking_back(open_widget: Opener) -> None:
    widget = open_widget(ready(2))
    widget.button("Look at round 1").click()
    expect(widget.root).to_have_attribute("data-round", "0")
    history = [row_of(index, pictures(4 * index)) for index in range(3)]
    widget.kernel(
        round=round_of(2, pictures(8)), history=history, status=status("ready", 50, job=3)
    )
    expect(widget.button("Look at round 3")).to_be_visible()
    widget.settle()
    expect(widget.root).to_have_attribute("data-round", "0")
    widget.expect_pictures(ids(0))
    widget.button("Look at round 3").click()
    expect(widget.root).to_have_attribute("data-round", "2")
    widget.expect_pictures(ids(8))


def test_continue_from_an_older_round(open_widget: Opener) -> None:
    widget = open_widget(ready(3))
    widget.button("Continue from round 2").click()
    (message,) = widget.wait_sent("branch")
    assert message["round"] == 1
    widget.kernel(round=round_of(1, pictures(4)), status=status("ready", 50, undo="branch"))
    widget.expect_pictures(ids(4))
    expect(widget.root).to_have_attribute("data-round", "1")


@pytest.mark.parametrize("host", HOSTS)
def test_thumbnails_that_did_not_come_are_fetched(open_widget: Opener, host: Host) -> None:
    shown = pictures(0)
    history = [row_of(0, shown, thumbs=False), row_of(1, pictures(4))]
    widget = open_widget(ready(2, history=history), host=host)
    row = widget.root.locator("[data-round='0']")
    row.scroll_into_view_if_needed()
    asked = widget.wait_sent("fetch", 4)
    assert {one["kind"] for one in asked} == {"thumb"}
    assert sorted(one["id"] for one in asked) == sorted(one.id for one in shown)
    expect(row.locator("img")).to_have_count(4)
    widget.expect_loaded(row.locator("img"))
    widget.kernel(status=status("ready", 60))
    widget.settle()
    assert len(widget.sent("fetch")) == 4, "no picture is asked for twice"


@pytest.mark.parametrize("direction", ["undo", "redo"])
def test_undo_and_redo_say_what_they_take_back(open_widget: Opener, direction: str) -> None:
    widget = open_widget(ready(2))
    button = widget.button(direction.capitalize())
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    assert widget.sent(direction) == []
    for what in ("vote", "round", "branch"):
        revision = 40 + len(what)
        widget.kernel(status=status("ready", revision, **{direction: what}))
        expect(button).not_to_have_attribute("aria-disabled", "true")
        title = re.compile(f"{direction.capitalize()} the {'' if what == 'branch' else what}")
        expect(button).to_have_attribute("title", title)
    button.click()
    assert len(widget.wait_sent(direction)) == 1


def test_an_undone_round_leaves_the_grid(open_widget: Opener) -> None:
    widget = open_widget(ready(2))
    widget.kernel(
        round=round_of(0, pictures(0)),
        history=[row_of(0, pictures(0))],
        votes={ids(0)[0]: 1},
        status=status("ready", 60, redo="round"),
    )
    widget.expect_pictures(ids(0))
    expect(widget.root).to_have_attribute("data-round", "0")
    assert rows(widget) == ["0"]
    widget.expect_pressed(1, like=True, dislike=False)


def test_undone_down_to_nothing(open_widget: Opener) -> None:
    widget = open_widget(ready(1))
    widget.kernel(round=None, history=[], status=status("idle", 60, redo="round"))
    expect(widget.root).to_have_attribute("data-round", "-1")
    expect(widget.root).to_have_attribute("data-phase", "idle")
    assert rows(widget) == []


def test_sixteen_pictures(open_widget: Opener) -> None:
    many = pictures(0, 16)
    widget = open_widget(ready(round=round_of(0, many), history=[row_of(0, many)]))
    widget.expect_pictures([one.id for one in many])


def test_a_long_history_stays_usable(open_widget: Opener) -> None:
    history = [row_of(index, pictures(index % 20), thumbs=False) for index in range(60)]
    widget = open_widget(ready(history=history, round=round_of(59, pictures(19))))
    expect(widget.root).to_have_attribute("data-round", "59")
    assert len(rows(widget)) == 60
    widget.settle()
    asked = widget.sent("fetch")
    assert len(asked) == len({one["id"] for one in asked}), "every picture is asked for once"


def test_a_card_says_what_it_tries_and_its_sources_light_up(
    page: Page, open_widget: Opener
) -> None:
    widget = open_widget(tried())
    a, b = ids(0)[0], ids(0)[2]
    tries = widget.root.locator(".fw-tries:visible")
    expect(tries.nth(1)).to_have_text("colors of picture 1, form of picture 3")
    lit = widget.root.locator("[data-lit]")
    expect(lit).to_have_count(0)
    widget.card(2).hover()
    expect(lit).to_have_count(2)
    assert {one.get_attribute("data-id") for one in lit.all()} == {a, b}
    widget.kernel(round=round_of(2, pictures(8)))
    expect(tries).to_have_count(0)
    expect(lit).to_have_count(0)  # a new picture under the pointer follows others, or none
    widget.kernel(round=tried()["round"])
    expect(lit).to_have_count(2)
    page.mouse.move(0, 0)
    expect(lit).to_have_count(0)
    widget.card(2).locator(".fw-picture").focus()
    expect(lit).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    expect(lit).to_have_count(1)

"""Born, shown twice, taken away: nothing is left behind, and it can be shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, pictures, ready, round_of, row_of, running, status
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener


def leaks(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => harness.leaks()")
    return found


@pytest.mark.parametrize("host", [*DIALECTS, Host("marimo", shadow=True)])
def test_hello_is_said_once_by_every_view(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    assert len(widget.wait_sent("hello")) == 1
    widget.page.evaluate("(shadow) => harness.render(shadow)", host.shadow)
    assert len(widget.wait_sent("hello", 2)) == 2
    widget.settle()
    assert len(widget.sent("hello")) == 2


def test_the_root_says_what_it_is(open_widget: Opener) -> None:
    widget = open_widget()
    expect(widget.root).to_have_attribute("data-phase", "ready")
    expect(widget.root).to_have_attribute("data-round", "0")
    expect(widget.root).to_have_attribute("data-connection", "live")
    expect(widget.root).to_have_attribute("data-lm-suppress-shortcuts", "true")
    expect(widget.root).to_have_role("region")
    expect(widget.root).to_have_accessible_name("Fabric: pictures by taste")


@pytest.mark.parametrize("host", DIALECTS)
def test_a_reloaded_page_shows_the_same_from_traits_alone(open_widget: Opener, host: Host) -> None:
    widget = open_widget(ready(3, votes={ids(8)[1]: 1, ids(0)[2]: -1}), host=host, hold=("*",))
    widget.expect_pictures(ids(8))
    widget.expect_pressed(2, like=True, dislike=False)
    expect(widget.shelf("Disliked")).to_have_count(1)
    expect(widget.root).to_have_attribute("data-round", "2")
    assert widget.saved() == [], "what was seen is not seen again"


@pytest.mark.parametrize("host", DIALECTS)
def test_two_views_agree(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host, views=2)
    first, second = widget.page.locator(".fabric-widget").all()
    like = "Like picture 2"
    first.get_by_role("button", name=like, exact=True).click()
    expect(second.get_by_role("button", name=like, exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    second.get_by_role("button", name=like, exact=True).click()
    expect(first.get_by_role("button", name=like, exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    assert len(widget.saved("votes")) == 2
    history = [row_of(index, pictures(4 * index)) for index in range(2)]
    widget.kernel(
        round=round_of(1, pictures(4)), history=history, status=status("ready", 20, job=2)
    )
    for view in (first, second):
        expect(view).to_have_attribute("data-round", "1")
        expect(view.locator(".fw-card").first).to_have_attribute("data-id", ids(4)[0])
    widget.settle()
    assert widget.saved("seen_round") == [{"seen_round": 1}], "once, not once per view"


def test_two_views_look_at_different_rounds(open_widget: Opener) -> None:
    widget = open_widget(ready(2), views=2)
    first, second = widget.page.locator(".fabric-widget").all()
    widget.button("Look at round 1").click()
    expect(first).to_have_attribute("data-round", "0")
    expect(second).to_have_attribute("data-round", "1")


def test_names_in_the_page_are_unique_with_two_views(open_widget: Opener) -> None:
    widget = open_widget(views=2)
    for twice in widget.page.evaluate(
        """() => {
            const all = [...document.querySelectorAll("[id]")].map((node) => node.id);
            return all.filter((id, at) => all.indexOf(id) !== at);
        }"""
    ):
        pytest.fail(f"id {twice} is there twice")


@pytest.mark.parametrize("host", [*DIALECTS, Host("marimo", shadow=True)])
def test_what_is_taken_away_leaves_nothing(open_widget: Opener, host: Host) -> None:
    widget = open_widget(running(), host=host)
    page = widget.page
    preview = {"type": "preview", "job": 2, "step": 7, "first": 0, "mime": "image/webp"}
    widget.message({**preview, "done": False}, [one.thumb for one in pictures(8)])
    widget.wait_sent("seen")
    after = ready(2, votes={ids(0)[0]: 1})
    widget.kernel(**{name: after[name] for name in ("round", "history", "votes", "status")})
    widget.expect_pictures(ids(4))
    widget.button("Look at round 1").click()
    expect(widget.root).to_have_attribute("data-round", "0")
    widget.button("Zoom picture 1").click()
    widget.wait_sent("fetch")
    expect(widget.dialog("Picture 1")).to_be_visible()
    assert leaks(page)["urls"] > 0
    page.evaluate("() => harness.remove(0)")
    page.evaluate("() => harness.forget()")
    expect(page.locator(".fabric-widget")).to_have_count(0)
    assert leaks(page) == {"urls": 0, "listeners": 0, "outside": [], "observers": 0}


def test_one_view_goes_the_other_stays(open_widget: Opener) -> None:
    widget = open_widget(views=2)
    page = widget.page
    one = page.evaluate("() => harness.remove(0).then(() => harness.leaks())")
    assert one["listeners"] > 0
    expect(page.locator(".fabric-widget")).to_have_count(1)
    widget.expect_pictures(ids(0))
    widget.button("Like picture 1").click()
    widget.expect_pressed(1, like=True, dislike=False)


def test_many_rounds_do_not_pile_up(open_widget: Opener) -> None:
    widget = open_widget()
    counts = []
    for index in range(1, 6):
        shown = pictures(4 * (index % 2))
        preview = {"type": "preview", "job": index, "step": 1, "first": 0, "mime": "image/webp"}
        widget.kernel(status=status("running", 20 * index, job=index, steps=20, count=4))
        widget.message({**preview, "done": False}, [one.thumb for one in pictures(8)])
        widget.wait_sent("seen", index)
        history = [row_of(0, pictures(0)), row_of(1, pictures(4))]
        widget.kernel(
            round=round_of(index, shown),
            history=history,
            status=status("ready", 20 * index + 1, job=index),
        )
        widget.expect_pictures([one.id for one in shown])
        widget.settle()
        counts.append(leaks(widget.page)["urls"])
    assert counts[-1] <= counts[1], counts
    assert counts[-1] <= 4 + 8 + 4, counts


def test_shown_again_after_it_was_taken_away(open_widget: Opener) -> None:
    widget = open_widget()
    page = widget.page
    page.evaluate("() => harness.remove(0)")
    expect(page.locator(".fabric-widget")).to_have_count(0)
    page.evaluate("() => harness.render()")
    widget.expect_pictures(ids(0))
    widget.button("Like picture 1").click()
    widget.expect_pressed(1, like=True, dislike=False)
    assert len(widget.saved("votes")) == 1


@pytest.mark.usefixtures("own_window")
def test_nothing_is_sent_after_it_was_taken_away(page: Page, open_widget: Opener) -> None:
    page.clock.install()
    widget = open_widget(running())
    page.clock.run_for(2000)
    page.evaluate("() => harness.remove(0)")
    before = len(widget.log())
    page.clock.run_for(60000)
    widget.message({"type": "preview", "job": 2, "step": 8, "first": 0, "mime": "image/webp"})
    assert len(widget.log()) == before


def test_one_style_sheet_touches_only_the_widget(open_widget: Opener) -> None:
    widget = open_widget()
    measured = widget.page.evaluate(
        """() => {
            const outside = document.getElementById("before");
            const facts = () => {
                const { color, font, padding, margin, boxSizing } = getComputedStyle(outside);
                const page = getComputedStyle(document.body);
                const own = [color, font, padding, margin, boxSizing];
                return JSON.stringify([...own, page.color, page.margin]);
            };
            const before = facts();
            document.head.querySelector("style").remove();
            return [before, facts()];
        }"""
    )
    assert measured[0] == measured[1]

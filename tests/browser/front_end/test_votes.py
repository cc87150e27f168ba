"""Votes: at once on the screen, one write per gesture, every picture once on the shelf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, pictures, ready, status
from tests.browser.front_end.widget_page import DIALECTS, HOSTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener

FIRST = ids(0)


@pytest.mark.parametrize("host", HOSTS)
def test_a_vote_shows_at_once_and_is_written_once(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host, hold=("*",))
    pressed = widget.button("Like picture 2").evaluate(
        "(button) => { button.click(); return button.getAttribute('aria-pressed'); }"
    )
    assert pressed == "true", "pressed before any word of the kernel"
    assert widget.trait("votes") == {FIRST[1]: 1}
    assert widget.saved() == [{"votes": {FIRST[1]: 1}}]
    expect(widget.shelf("Liked")).to_have_count(1)
    widget.settle()
    assert len(widget.saved()) == 1


@pytest.mark.parametrize("host", DIALECTS)
def test_like_and_dislike_exclude_each_other_and_a_second_press_takes_back(
    open_widget: Opener, host: Host
) -> None:
    widget = open_widget(host=host)
    widget.expect_pressed(1, like=False, dislike=False)
    widget.button("Like picture 1").click()
    widget.expect_pressed(1, like=True, dislike=False)
    widget.button("Dislike picture 1").click()
    widget.expect_pressed(1, like=False, dislike=True)
    expect(widget.shelf("Liked")).to_have_count(0)
    expect(widget.shelf("Disliked")).to_have_count(1)
    widget.button("Dislike picture 1").click()
    widget.expect_pressed(1, like=False, dislike=False)
    expect(widget.shelf("Disliked")).to_have_count(0)
    assert [one["votes"] for one in widget.saved("votes")] == [{FIRST[0]: 1}, {FIRST[0]: -1}, {}]


def test_votes_are_always_a_new_object(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    same = widget.page.evaluate(
        """() => {
            const before = harness.model.get("votes");
            document.querySelector("[aria-label='Like picture 2']").click();
            return [before === harness.model.get("votes"), Object.keys(before).length];
        }"""
    )
    assert same == [False, 1]


def test_the_kernel_may_vote(open_widget: Opener) -> None:
    widget = open_widget()
    widget.kernel(votes={FIRST[0]: -1, FIRST[3]: 0.5})
    widget.expect_pressed(1, like=False, dislike=True)
    widget.expect_pressed(4, like=True, dislike=False)
    expect(widget.shelf("Liked")).to_have_count(1)
    assert widget.saved() == [], "nothing that came from the kernel is written back"


def test_labels_do_not_change_with_the_state(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Like picture 3").click()
    expect(widget.button("Like picture 3")).to_have_attribute("aria-pressed", "true")
    expect(widget.button("Dislike picture 3")).to_have_attribute("aria-pressed", "false")


@pytest.mark.usefixtures("own_window")
def test_a_long_press_offers_the_strength(page: Page, open_widget: Opener) -> None:
    page.clock.install()
    widget = open_widget()
    slider = widget.slider("Strength of picture 2")
    expect(slider).to_be_hidden()
    widget.button("Like picture 2").hover()
    page.mouse.down()
    page.clock.run_for(1500)
    expect(slider).to_be_visible()
    page.mouse.up()
    expect(slider).to_be_visible()
    for name, value in (("min", "-2"), ("max", "2"), ("step", "0.25")):
        expect(slider).to_have_attribute(name, value)


def test_a_short_press_does_not_offer_the_strength(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Like picture 2").click()
    expect(widget.button("Like picture 2")).to_have_attribute("aria-pressed", "true")
    expect(widget.card(2)).to_be_visible()
    assert widget.trait("votes") == {FIRST[1]: 1}


def test_the_strength_is_written_once_when_the_slider_is_let_go(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    slider = widget.root.get_by_role("region", name="Feedback").get_by_role("slider")
    slider.evaluate(
        """(slider) => {
            for (const value of ["1.25", "1.5", "1.75"]) {
                slider.value = value;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }
            slider.dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    widget.wait_saved("votes")
    assert widget.saved("votes") == [{"votes": {FIRST[0]: 1.75}}]


@pytest.mark.parametrize(
    ("value", "like", "dislike"), [("2", True, False), ("-2", False, True), ("0", False, False)]
)
def test_the_slider_of_a_card_reaches_both_ends(
    open_widget: Opener, value: str, *, like: bool, dislike: bool
) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    widget.button("Adjust picture 1, now +1").click()
    widget.slider("Strength of picture 1").fill(value)
    widget.wait_saved("votes")
    assert widget.trait("votes") == ({FIRST[0]: float(value)} if like or dislike else {})
    assert len(widget.saved("votes")) == 1
    widget.expect_pressed(1, like=like, dislike=dislike)
    expect(widget.shelf("Liked")).to_have_count(int(like))
    expect(widget.shelf("Disliked")).to_have_count(int(dislike))


def test_the_same_picture_in_two_rounds_is_on_the_shelf_once(open_widget: Opener) -> None:
    shown = pictures(0)
    widget = open_widget(ready(2, votes={FIRST[0]: 1}))
    state = ready(1)
    again = {**state["round"], "index": 2}
    widget.kernel(round=again, status=status("ready", 90, job=3))
    widget.expect_pictures([one.id for one in shown])
    widget.expect_pressed(1, like=True, dislike=False)
    expect(widget.shelf("Liked")).to_have_count(1)


def test_the_shelf_shows_pictures_of_all_rounds_and_removes_them(open_widget: Opener) -> None:
    old, new = ids(0)[1], ids(4)[2]
    widget = open_widget(ready(2, votes={old: 1, new: -0.5}))
    widget.expect_loaded(widget.shelf("Liked").locator("img"))
    widget.expect_loaded(widget.shelf("Disliked").locator("img"))
    expect(widget.shelf("Liked")).to_have_count(1)
    remove = widget.shelf("Disliked").get_by_role("button", name="Remove")
    remove.click()
    expect(widget.shelf("Disliked")).to_have_count(0)
    widget.expect_pressed(3, like=False, dislike=False)
    assert widget.saved("votes") == [{"votes": {old: 1}}]


def test_all_votes_are_cleared_with_one_write(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1, FIRST[2]: -1}))
    widget.button("Clear all votes").click()
    expect(widget.shelf("Liked")).to_have_count(0)
    expect(widget.shelf("Disliked")).to_have_count(0)
    assert widget.saved("votes") == [{"votes": {}}]


def test_the_only_reference_is_one_like_and_nothing_else(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1, FIRST[2]: -1}))
    widget.more(4, "Use").click()
    assert widget.saved("votes") == [{"votes": {FIRST[3]: 1}}]
    widget.expect_pressed(1, like=False, dislike=False)
    widget.expect_pressed(4, like=True, dislike=False)


def test_quick_votes_reach_the_kernel_one_by_one_and_none_is_lost(open_widget: Opener) -> None:
    widget = open_widget(hold=("*",))
    widget.root.evaluate(
        """(root) => {
            for (const number of [1, 2, 3, 4]) {
                root.querySelector(`[aria-label="Like picture ${number}"]`).click();
            }
        }"""
    )
    assert widget.trait("votes") == dict.fromkeys(FIRST, 1)
    assert [len(one["votes"]) for one in widget.saved("votes")] == [1, 2, 3, 4]


def test_votes_keep_the_order_in_which_they_were_cast(open_widget: Opener) -> None:
    widget = open_widget()
    for number in (3, 1, 2):
        widget.button(f"Like picture {number}").click()
    order = widget.page.evaluate("() => Object.keys(harness.model.get('votes'))")
    assert order == [FIRST[2], FIRST[0], FIRST[1]]

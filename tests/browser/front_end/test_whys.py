"""Why a picture is liked: a row of reasons under each vote, by mouse, touch and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.looks import BEYOND
from tests.browser.front_end.pictures import idle, ids, ready, status
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.front_end.widget_page import Opener, WidgetPage

FIRST = ids(0)
WHYS = ("colors", "form", "subject", "background")
UNTOLD = "This model does not tell the subject from the background: mark a part instead (P)"
HINT = "All of it counts. Press one, and only that does."


def why(widget: WidgetPage, number: int, what: str) -> Locator:
    return widget.button(f"{what} of picture {number}")


@pytest.mark.parametrize("host", DIALECTS)
def test_a_like_is_narrowed_and_widened_again(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    for what in WHYS:
        expect(why(widget, 2, what)).to_be_hidden()
    widget.button("Like picture 2").click()
    group = widget.root.get_by_role("group", name="What you like about picture 2", exact=True)
    expect(group.get_by_role("button")).to_have_text([*WHYS, "part …"])
    why(widget, 2, "colors").click()
    expect(why(widget, 2, "colors")).to_have_attribute("aria-pressed", "true")
    expect(why(widget, 2, "form")).to_have_attribute("aria-pressed", "false")
    widget.expect_pressed(2, like=True, dislike=False)
    why(widget, 2, "subject").click()
    why(widget, 2, "colors").click()
    why(widget, 2, "subject").click()
    name = FIRST[1]
    assert [one["votes"] for one in widget.saved("votes")] == [
        {name: 1},
        {f"{name}:colors": 1},
        {f"{name}:colors": 1, f"{name}:subject": 1},
        {f"{name}:subject": 1},
        {name: 1},
    ]
    expect(why(widget, 1, "colors")).to_be_hidden()


def test_keys_say_why_of_the_focused_picture(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(3)
    for key in "lcfSB":
        widget.page.keyboard.press(key)
    assert widget.trait("votes") == {f"{FIRST[2]}:{what}": 1 for what in WHYS}
    assert widget.focused_card() == 3
    widget.page.keyboard.press("-")
    assert set(widget.trait("votes").values()) == {0.75}
    widget.page.keyboard.press("0")
    assert widget.trait("votes") == {}
    widget.page.keyboard.press("b")
    assert widget.trait("votes") == {f"{FIRST[2]}:background": 1}, "also before any like"
    widget.page.keyboard.press("k")
    assert widget.trait("votes") == {FIRST[2]: -1}
    widget.page.keyboard.press("c")
    assert widget.trait("votes") == {f"{FIRST[2]}:colors": -1}
    widget.expect_pressed(3, like=False, dislike=True)
    widget.page.keyboard.press("?")
    expect(widget.dialog("Keyboard")).to_contain_text("only its colors, form, subject")


def test_reasons_by_touch(page: Page, open_widget: Opener) -> None:
    widget = open_widget()
    page.set_viewport_size({"width": 360, "height": 900})
    widget.button("Like picture 4").dispatch_event("click")
    chip = why(widget, 4, "form")
    chip.scroll_into_view_if_needed()
    box = chip.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 28
    session = page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert widget.trait("votes") == {f"{FIRST[3]}:form": 1}


def test_the_shelf_says_of_each_vote_what_it_is_about(open_widget: Opener) -> None:
    votes = {f"{FIRST[0]}:colors": 1, f"{FIRST[0]}:form:subject": 0.5, f"{FIRST[1]}:background": -1}
    widget = open_widget(ready(votes=votes))
    expect(widget.shelf("Liked").locator(".fw-entry-name")).to_have_text(
        ["Form of the subject of round 1, picture 1", "Colors of round 1, picture 1"]
    )
    expect(widget.shelf("Disliked").locator(".fw-entry-name")).to_have_text(
        ["The background of round 1, picture 2"]
    )
    widget.slider("Strength of colors of round 1, picture 1").fill("1.75")
    widget.button("Remove form of the subject of round 1, picture 1").click()
    widget.wait_saved("votes", 2)
    assert widget.trait("votes") == {
        f"{FIRST[0]}:colors": 1.75,
        f"{FIRST[1]}:background": -1,
    }
    widget.expect_loaded(widget.shelf("Liked").locator("img"))


def test_a_thumb_takes_all_reasons_back(open_widget: Opener) -> None:
    votes = {f"{FIRST[0]}:colors": 1, f"{FIRST[0]}:form": 1, FIRST[1]: 1}
    widget = open_widget(ready(votes=votes))
    widget.button("Like picture 1").click()
    assert widget.trait("votes") == {FIRST[1]: 1}
    expect(why(widget, 1, "colors")).to_be_hidden()


def test_reasons_in_the_zoomed_picture(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[1]: 1}))
    widget.button("Zoom picture 2").click()
    dialog = widget.dialog("Picture 2")
    chip = dialog.get_by_role("button", name="subject of picture 2", exact=True)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    widget.page.keyboard.press("f")
    assert widget.trait("votes") == {f"{FIRST[1]}:subject": 1, f"{FIRST[1]}:form": 1}
    widget.page.keyboard.press("Escape")
    expect(why(widget, 2, "form")).to_have_attribute("aria-pressed", "true")


def test_reasons_are_explained_once(open_widget: Opener) -> None:
    widget = open_widget()
    hint = widget.root.get_by_text(HINT).filter(visible=True)
    expect(hint).to_have_count(0)
    widget.button("Like picture 1").click()
    expect(hint).to_have_count(1)
    why(widget, 1, "colors").click()
    expect(hint).to_have_count(0)
    widget.button("Like picture 2").click()
    expect(hint).to_have_count(0)
    again = open_widget(idle())
    again.kernel(**{name: ready()[name] for name in ("round", "history")})
    again.button("Like picture 1").click()
    expect(why(again, 1, "colors")).to_be_visible()
    expect(hint).to_have_count(0)


@pytest.mark.usefixtures("own_window")
def test_without_storage_reasons_work_all_the_same(page: Page, open_widget: Opener) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })"
    )
    widget = open_widget()
    widget.button("Like picture 1").click()
    expect(widget.root.get_by_text(HINT).filter(visible=True)).to_have_count(1)
    widget.button("Like picture 2").click()
    expect(widget.root.get_by_text(HINT).filter(visible=True)).to_have_count(0)


def test_votes_are_waited_for_while_a_reason_is_looked_for(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    why(widget, 1, "form").hover()
    assert widget.sent("wait") == [], "nothing is waited for"
    widget.kernel(status=status("ready", 11, job=1, pending=True))
    widget.settle()
    why(widget, 1, "subject").hover()
    widget.wait_sent("wait")


def test_without_a_kernel_reasons_say_so(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={f"{FIRST[0]}:form": 1}))
    widget.close()
    chip = why(widget, 1, "form")
    expect(chip).to_have_attribute("aria-disabled", "true")
    chip.click(force=True)
    assert widget.saved("votes") == []
    assert widget.sent("wait") == []


@pytest.mark.parametrize("width", [320, 360, 720, 1400])
def test_reasons_fit_their_cards(page: Page, open_widget: Opener, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    votes = {f"{name}:{what}": 1 for name in FIRST for what in WHYS}
    widget = open_widget(ready(votes=votes))
    assert widget.root.evaluate(BEYOND) == [0, []]
    cut = widget.root.evaluate(
        """(root) => [...root.querySelectorAll(".fw-why")]
            .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
            .map((one) => one.ariaLabel)"""
    )
    assert cut == []


def test_the_dial_is_there_where_a_plan_has_one(open_widget: Opener) -> None:
    widget = open_widget()
    widget.details("How feedback counts")
    dial = widget.slider("Closer … wilder")
    expect(dial).to_have_value("0.5")
    dial.fill("0.2")
    widget.wait_saved("variety")
    assert widget.trait("variety") == 0.2
    widget.kernel(info={**idle()["info"], "variety": None})
    expect(dial).to_be_hidden()


def test_reasons_that_cannot_work_say_why_and_take_no_vote(open_widget: Opener) -> None:
    told = idle()["info"] | {"subjects": False}
    standing = f"{FIRST[0]}:subject"
    widget = open_widget(ready(votes={standing: 1, FIRST[1]: 1}, info=told))
    for what in ("subject", "background"):
        button = why(widget, 2, what)
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_have_attribute("title", UNTOLD)
    expect(why(widget, 2, "colors")).not_to_have_attribute("aria-disabled", "true")
    widget.focus_card(2)
    widget.page.keyboard.press("b")
    expect(widget.root.get_by_role("note")).to_have_text(f"{UNTOLD}.")
    assert widget.saved("votes") == []
    assert widget.sent("subject") == []
    why(widget, 1, "subject").click()  # what stands from before can be taken back
    assert widget.wait_saved("votes")[-1]["votes"] == {FIRST[1]: 1, FIRST[0]: 1}
    expect(why(widget, 1, "subject")).to_have_attribute("aria-disabled", "true")
    widget.kernel(info=told | {"subjects": True})
    expect(why(widget, 2, "subject")).not_to_have_attribute("aria-disabled", "true")

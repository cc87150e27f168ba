"""The lens: opened by mouse and by key, read place by place, left again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.lens import (
    LIKES,
    PARTS,
    PICTURE,
    SIZES,
    lens,
    lens_jobs,
    shaped,
    shares,
)
from tests.browser.front_end.pictures import ids, ready, status
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.front_end.widget_page import Opener, WidgetPage

NAME = "Lens: round 2, picture 2"
FINEST = SIZES[0]


def shown(open_widget: Opener, host: Host = Host()) -> WidgetPage:  # noqa: B008 - frozen
    """Open the lens by the mouse, when the kernel has looked."""
    widget = open_widget(shaped(), host=host, lenses={PICTURE: lens().wire()})
    widget.button("Lens for picture 2").click()
    widget.wait_sent("look")
    widget.looked(PICTURE)
    expect(places(widget)).to_be_focused()
    return widget


def places(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("grid")


def readout(widget: WidgetPage) -> Locator:
    return widget.root.locator(".fw-lens-readout")


def spoken(widget: WidgetPage) -> Locator:
    return widget.dialog(NAME).get_by_role("status")


def told(row: int, column: int, size: int = FINEST, part: int | None = None) -> str:
    """Say what the lens must say of a place, from the numbers themselves."""

    def share(value: float) -> str:
        tenths = int(value * 1000 + 0.5) / 10
        return f"{tenths:g} %" if tenths < 10 else f"{int(value * 100 + 0.5)} %"

    one, two, disliked = shares(size, part)[:, row, column]
    return (
        f"Row {row + 1}, column {column + 1}: with the likes {share(1 - one - two)} own, "
        f"{share(one)} like 1, {share(two)} like 2; with the dislikes {share(1 - disliked)} own, "
        f"{share(disliked)} dislike 1"
    )


def point(widget: WidgetPage, row: int, column: int, *, click: bool = False) -> None:
    """Bring the pointer to the middle of a place."""
    box = places(widget).bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (column + 0.5) / FINEST
    y = box["y"] + box["height"] * (row + 0.5) / FINEST
    widget.page.mouse.move(x, y)
    if click:
        widget.page.mouse.click(x, y)


def test_the_lens_shows_how_far_the_kernel_is_and_can_be_stopped(open_widget: Opener) -> None:
    widget = open_widget(shaped(), lenses={PICTURE: lens().wire()})
    widget.button("Lens for picture 2").click()
    assert widget.wait_sent("look")[0]["id"] == PICTURE
    dialog = widget.dialog(NAME)
    widget.kernel(status=lens_jobs(5))
    expect(dialog.get_by_text("Looking at picture 2 of round 2.")).to_be_visible()
    expect(dialog.get_by_text("Step 5 of 20 · 4 s left")).to_be_visible()
    expect(dialog.get_by_role("progressbar")).to_have_attribute("value", "5")
    expect(widget.cards).to_have_count(4)  # the round stays behind it
    expect(widget.card(2)).to_have_attribute("data-id", PICTURE)
    dialog.get_by_role("button", name="Stop", exact=True).click()
    widget.wait_sent("cancel")
    widget.looked(PICTURE, made=False)
    expect(dialog).to_be_hidden()
    expect(widget.button("Lens for picture 2")).to_be_focused()


@pytest.mark.parametrize("host", DIALECTS)
def test_the_place_that_borrowed_most_is_told_first(open_widget: Opener, host: Host) -> None:
    widget = shown(open_widget, host)
    summed = shares(FINEST, None)[:2].sum(axis=0)
    row, column = divmod(int(summed.argmax()), FINEST)
    expect(readout(widget)).to_have_text(told(row, column))
    expect(spoken(widget)).to_have_text(told(row, column))


def test_the_pointer_moves_the_place_and_a_click_pins_it(open_widget: Opener) -> None:
    widget = shown(open_widget)
    before = spoken(widget).text_content()
    point(widget, 11, 10)
    expect(readout(widget)).to_have_text(told(11, 10))
    assert spoken(widget).text_content() == before, "a pointer passes many places"
    point(widget, 7, 3, click=True)
    expect(readout(widget)).to_have_text(f"{told(7, 3)} (pinned)")
    expect(spoken(widget)).to_have_text(f"{told(7, 3)} (pinned)")
    point(widget, 2, 2)
    expect(readout(widget)).to_have_text(f"{told(7, 3)} (pinned)")
    point(widget, 7, 3, click=True)
    point(widget, 2, 2)
    expect(readout(widget)).to_have_text(told(2, 2))


def test_everything_works_without_a_mouse(open_widget: Opener) -> None:
    widget = open_widget(shaped(), lenses={PICTURE: lens().wire()})
    press = widget.page.keyboard.press
    widget.focus_card(2)
    press("i")
    widget.wait_sent("look")
    widget.looked(PICTURE)
    expect(places(widget)).to_be_focused()
    for _ in range(FINEST):
        press("ArrowUp")
    press("Home")
    press("ArrowDown")
    press("ArrowRight")
    expect(readout(widget)).to_have_text(told(1, 1))
    expect(spoken(widget)).to_have_text(told(1, 1))
    cell = widget.root.get_by_role("gridcell", name="Row 2, column 2", exact=True)
    expect(places(widget)).to_have_attribute(
        "aria-activedescendant", cell.get_attribute("id") or ""
    )
    press("End")
    expect(readout(widget)).to_have_text(told(1, FINEST - 1))
    press("Enter")
    expect(cell.or_(widget.root.get_by_role("gridcell"))).to_have_attribute("aria-selected", "true")
    press("Space")
    expect(widget.root.get_by_role("gridcell")).to_have_attribute("aria-selected", "false")
    widget.slider("Steps").focus()
    press("ArrowRight")
    expect(widget.slider("Steps")).to_have_attribute("aria-valuetext", "steps 1–4 of 20")
    expect(spoken(widget)).to_have_text(told(1, FINEST - 1, part=0))
    press("Escape")
    expect(widget.dialog(NAME)).to_be_hidden()
    assert widget.focused_card() == 2
    assert widget.page.evaluate("() => harness.keys()") == {"bubbled": [], "lumino": []}


def test_steps_and_levels_are_told_as_they_are(open_widget: Opener) -> None:
    widget = shown(open_widget)
    point(widget, 11, 10, click=True)
    steps = widget.slider("Steps")
    for part, (first, last) in enumerate(PARTS):
        steps.fill(str(part + 1))
        expect(steps).to_have_attribute("aria-valuetext", f"steps {first}–{last} of 20")
        expect(readout(widget)).to_have_text(f"{told(11, 10, part=part)} (pinned)")
    steps.fill("0")
    level = widget.root.get_by_role("combobox", name="Level", exact=True)
    labels = ["all levels", "16 × 16, fine", "8 × 8", "4 × 4, coarse"]
    assert level.locator("option").all_text_contents() == labels
    level.select_option("8 × 8")
    expect(readout(widget)).to_have_text(f"{told(5, 5, 8)} (pinned)")
    assert places(widget).get_attribute("aria-rowcount") == "8"


def test_the_heat_is_of_what_is_chosen_and_its_scale_has_numbers(open_widget: Opener) -> None:
    widget = shown(open_widget)
    legend = widget.root.locator(".fw-lens-legend")
    expect(legend).to_contain_text("borrowed from all likes")
    expect(legend).to_contain_text("60 %")
    pixels = "(canvas) => [canvas.width, canvas.height, canvas.toDataURL()]"
    heat = widget.root.locator(".fw-lens-heat")
    before = heat.evaluate(pixels)
    assert before[:2] == [FINEST, FINEST]
    choice = widget.root.get_by_role("combobox", name="Show", exact=True)
    choice.select_option("borrowed from dislike 1")
    expect(legend).to_contain_text("20 %")
    assert heat.evaluate(pixels) != before
    widget.slider("Heat").fill("0")
    expect(heat).to_have_css("opacity", "0")


def test_references_light_up_where_the_place_looked(open_widget: Opener) -> None:
    widget = shown(open_widget)
    point(widget, 4, 5)
    liked = widget.root.get_by_role("list", name="With the likes", exact=True)
    first = liked.get_by_role("listitem").first
    # The stand-in kernel's places look at their mirror image, on 8 × 8 cells.
    expect(first).to_contain_text("most at row 6, column 3")
    expect(first).to_contain_text("Round 1, picture 1")
    lit = first.locator("canvas").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, 8, 8);
            const veil = Array.from({ length: 64 }, (_, cell) => data[4 * cell + 3]);
            return veil.indexOf(Math.min(...veil));
        }"""
    )
    assert divmod(lit, 8) == (5, 2)
    asked = {one["reference"]: one for one in widget.sent("look_at")}
    assert asked.keys() == {0, 1, 2}
    assert asked[0]["level"] is asked[0]["part"] is None
    point(widget, 15, 15)
    assert len(widget.sent("look_at")) == 3, "asked once for all places"
    point(widget, 15, 0)
    expect(first).to_contain_text("not looked at")


def test_a_picture_without_feedback_asks_and_shows_nothing(open_widget: Opener) -> None:
    widget = open_widget(ready())
    widget.focus_card(1)
    widget.page.keyboard.press("i")
    assert widget.wait_sent("look")[0]["id"] == ids(0)[0]
    widget.settle()
    expect(widget.root.locator("dialog[open]")).to_have_count(0)
    assert widget.focused_card() == 1


def test_a_refusal_closes_the_lens_and_is_told(open_widget: Opener) -> None:
    widget = open_widget(shaped(), hold=("look",))
    widget.button("Lens for picture 2").click()
    expect(widget.dialog(NAME)).to_be_visible()
    request = widget.sent("look")[0]["request"]
    widget.message({"type": "failed", "request": request, "message": "no such picture"})
    expect(widget.dialog(NAME)).to_be_hidden()
    expect(widget.root.get_by_text("no such picture")).to_be_visible()


def test_another_pages_look_opens_nothing(open_widget: Opener) -> None:
    widget = open_widget(shaped(), lenses={PICTURE: lens().wire()})
    widget.looked(PICTURE)
    widget.settle()
    assert widget.sent("look") == []
    expect(widget.root.locator("dialog[open]")).to_have_count(0)


def test_the_lens_opens_from_the_zoom_and_leads_back(open_widget: Opener) -> None:
    widget = open_widget(shaped(), lenses={PICTURE: lens().wire()})
    widget.button("Zoom picture 2").click()
    widget.page.keyboard.press("i")
    widget.wait_sent("look")
    widget.looked(PICTURE)
    expect(places(widget)).to_be_focused()
    widget.page.keyboard.press("i")
    expect(widget.dialog(NAME)).to_be_hidden()
    expect(widget.dialog("Picture 2")).to_be_visible()


def test_nothing_is_left_behind(open_widget: Opener) -> None:
    widget = shown(open_widget)
    widget.page.keyboard.press("Escape")
    widget.page.evaluate("() => harness.remove(0)")
    leaks = widget.page.evaluate("() => harness.leaks()")
    assert leaks["urls"] == leaks["observers"] == 0


# ---- what mattered, on the shelf ---------------------------------------------------------------


def test_the_shelf_says_how_much_each_reference_mattered(open_widget: Opener) -> None:
    late = ids(4)[0]
    traits = shaped()
    widget = open_widget({**traits, "votes": {**traits["votes"], late: 1}})
    liked = widget.shelf("Liked")
    expect(liked.filter(has_text="Round 1, picture 1")).to_contain_text("12 %")
    expect(liked.filter(has_text="Round 1, picture 2")).to_contain_text("5 %")
    expect(widget.shelf("Disliked")).to_contain_text("not looked at")
    bar = liked.filter(has_text="Round 1, picture 1").locator(".fw-contribution")
    expect(bar).to_have_attribute("title", "12 % of the attention of round 2 went to it")
    voted_later = liked.filter(has_text="Round 2, picture 1").locator(".fw-contribution")
    expect(voted_later).to_be_hidden()


def test_the_bars_are_those_of_the_round_that_is_shown(open_widget: Opener) -> None:
    widget = open_widget(shaped(status=status("ready", 10, job=2)))
    first = widget.shelf("Liked").filter(has_text="Round 1, picture 1").locator(".fw-contribution")
    expect(first).to_be_visible()
    widget.root.get_by_role("button", name="Look at round 1", exact=False).first.click()
    expect(first).to_be_hidden()
    assert LIKES[0] in widget.trait("votes")

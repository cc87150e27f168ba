"""Marking the part of a picture that counts: by mouse, by touch and by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

from fabric_widget.widget.state.masks import read_mask
from tests.browser.front_end.looks import BEYOND
from tests.browser.front_end.pictures import ids, ready
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    import numpy.typing as npt
    from playwright.sync_api import Locator, Page

    from tests.browser.front_end.widget_page import Opener, WidgetPage

FIRST = ids(0)
PART = "0123456789ab"
PARTS: dict[str, Any] = {PART: {"rows": 4, "columns": 4, "runs": [5, 2, 2, 2, 5]}}


def begin(widget: WidgetPage, number: int = 2) -> Locator:
    """Open the editor by keys; return what is marked on."""
    widget.focus_card(number)
    widget.page.keyboard.press("p")
    stage = widget.dialog(f"Picture {number}").get_by_role("application")
    expect(stage).to_be_focused()
    widget.expect_loaded(widget.dialog(f"Picture {number}").locator("img").first)
    widget.settle()
    return stage


def drag(page: Page, stage: Locator, *points: tuple[float, float]) -> None:
    """Drag over shares of the picture."""
    box = stage.bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def marked(message: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """Return the mask of a message."""
    return read_mask(message["rows"], message["columns"], message["runs"])


def in_light(canvas: Locator) -> list[bool]:
    """Say which cells of a mask are in the light: inside the part."""
    seen: list[bool] = canvas.evaluate(
        """(canvas) => {
            const copy = new OffscreenCanvas(4, 4).getContext("2d", { willReadFrequently: true });
            copy.imageSmoothingEnabled = false;
            copy.drawImage(canvas, 0, 0, 4, 4);
            const { data } = copy.getImageData(0, 0, 4, 4);
            return [...data].filter((_, at) => at % 4 === 3).map((alpha) => alpha === 0);
        }"""
    )
    return seen


@pytest.mark.parametrize("host", DIALECTS)
def test_a_box_is_dragged_and_liked(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    stage = begin(widget)
    for name in ("Like this part", "Dislike this part", "Clear", "Undo"):
        tool = widget.dialog("Picture 2").get_by_role("button", name=name, exact=True)
        expect(tool).to_have_attribute("aria-disabled", "true")
    drag(widget.page, stage, (0.25, 0.5), (0.75, 0.999))
    widget.button("Like this part").click()
    (message,) = widget.wait_sent("part")
    assert (message["id"], message["strength"]) == (FIRST[1], 1)
    mask = marked(message)
    assert mask.shape == (64, 64)
    assert mask[32:, 16:48].all()
    assert mask.sum() == 32 * 32
    expect(stage).to_be_hidden()
    expect(widget.dialog("Picture 2")).to_be_visible()


def test_a_stroke_is_painted_taken_back_and_disliked(open_widget: Opener) -> None:
    widget = open_widget()
    stage = begin(widget)
    widget.button("Brush").click()
    expect(widget.button("Brush")).to_have_attribute("aria-pressed", "true")
    drag(widget.page, stage, (0.1, 0.5), (0.9, 0.5))
    drag(widget.page, stage, (0.5, 0.1), (0.5, 0.2))
    drag(widget.page, stage, (0.1, 0.9), (0.2, 0.9))
    widget.dialog("Picture 2").get_by_role("button", name="Undo", exact=True).click()
    widget.button("Dislike this part").click()
    (message,) = widget.wait_sent("part")
    assert message["strength"] == -1
    mask = marked(message)
    assert mask[32, 7:57].all()
    assert mask[9, 32]
    assert not mask[57].any(), "taken back"


def test_a_part_by_keys_alone(open_widget: Opener) -> None:
    widget = open_widget()
    begin(widget)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowUp", "0", "z"):
        widget.page.keyboard.press(key)
    assert widget.sent("part") == []
    widget.page.keyboard.press("l")
    (message,) = widget.wait_sent("part")
    mask = marked(message)
    assert mask.sum() == np.count_nonzero(mask.any(1)) * np.count_nonzero(mask.any(0)), "a box"
    assert widget.trait("votes") == {}, "nothing was said of the whole picture"
    expect(widget.dialog("Picture 2")).to_be_visible()
    widget.page.keyboard.press("ArrowRight")
    expect(widget.dialog("Picture 3")).to_be_visible()


def test_escape_leaves_the_editor_then_the_picture(open_widget: Opener) -> None:
    widget = open_widget()
    stage = begin(widget)
    widget.page.keyboard.press("ArrowUp")
    widget.page.keyboard.press("Escape")
    expect(stage).to_be_hidden()
    expect(widget.dialog("Picture 2")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.dialog("Picture 2")).to_be_hidden()
    assert widget.focused_card() == 2
    begin(widget)
    expect(widget.button("Clear")).to_have_attribute("aria-disabled", "true")


def test_by_touch(page: Page, open_widget: Opener) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    widget = open_widget(ready(votes={FIRST[1]: 1}))
    widget.button("part … of picture 2").click()
    stage = widget.dialog("Picture 2").get_by_role("application")
    widget.expect_loaded(widget.dialog("Picture 2").locator("img").first)
    widget.settle()
    box = stage.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.25), ("touchMove", 0.5), ("touchMove", 0.75)):
        point = {"x": box["x"] + share * box["width"], "y": box["y"] + share * box["height"]}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    like = widget.button("Like this part")
    like.scroll_into_view_if_needed()
    like.click()
    (message,) = widget.wait_sent("part")
    assert marked(message)[20:44, 20:44].all()
    assert widget.root.evaluate(BEYOND) == [0, []]


def test_what_the_kernel_refuses_is_said_and_stays_marked(open_widget: Opener) -> None:
    widget = open_widget(hold=("part",))
    stage = begin(widget)
    drag(widget.page, stage, (0.2, 0.2), (0.4, 0.4))
    widget.button("Like this part").click()
    (message,) = widget.wait_sent("part")
    widget.message({"type": "failed", "request": message["request"], "message": "Too fine."})
    expect(widget.dialog("Picture 2").get_by_text("Too fine.")).to_be_visible()
    expect(stage).to_be_visible()
    expect(widget.button("Like this part")).not_to_have_attribute("aria-disabled", "true")


def test_marked_parts_are_seen_on_card_shelf_and_zoomed_picture(open_widget: Opener) -> None:
    vote = f"{FIRST[1]}:{PART}"
    widget = open_widget(ready(votes={vote: 1, f"{FIRST[2]}:colors": 1}, parts=PARTS))
    shown = widget.root.locator(".fw-part:visible")
    expect(shown).to_have_count(2)
    expect(widget.card(2).locator(".fw-part")).to_be_visible()
    expect(widget.shelf("Liked").locator(".fw-entry-name")).to_have_text(
        ["Colors of round 1, picture 3", "A part of round 1, picture 2"]
    )
    inside = [bool(cell) for cell in read_mask(**PARTS[PART]).flat]
    assert in_light(widget.card(2).locator(".fw-part")) == inside
    widget.button("Zoom picture 2").click()
    expect(widget.dialog("Picture 2").locator(".fw-part:visible")).to_have_count(1)
    chip = widget.dialog("Picture 2").get_by_role("button", name="part … of picture 2")
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    assert widget.trait("votes") == {FIRST[1]: 1, f"{FIRST[2]}:colors": 1}
    expect(widget.dialog("Picture 2").locator(".fw-part:visible")).to_have_count(0)


def test_the_ways_to_other_pictures_lie_over_the_picture(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Zoom picture 2").click()
    widget.button("Previous picture").click()
    expect(widget.dialog("Picture 1")).to_be_visible()
    widget.button("Next picture").click()
    expect(widget.dialog("Picture 2")).to_be_visible()


def test_without_a_kernel_nothing_is_marked(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[1]: 1}))
    widget.close()
    widget.button("Zoom picture 2").click()
    expect(widget.button("Mark a part (P)")).to_have_attribute("aria-disabled", "true")
    widget.page.keyboard.press("p")
    expect(widget.dialog("Picture 2").get_by_role("application")).to_have_count(0)


SUBJECT: dict[str, Any] = {"rows": 4, "columns": 4, "runs": [5, 2, 2, 2, 5]}


def test_the_subject_is_shown_where_it_counts(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[1]: 1}))
    canvas = widget.card(2).locator(".fw-part")
    chip, other = widget.button("subject of picture 2"), widget.button("background of picture 2")
    chip.hover()
    assert widget.sent("subject") == [], "pointing costs nothing"
    chip.click()
    assert [one["id"] for one in widget.wait_sent("subject")] == [FIRST[1]]
    expect(canvas).to_be_hidden()
    widget.message({"type": "subject", "id": FIRST[1], "mask": SUBJECT})
    expect(canvas).to_be_visible()
    inside = [bool(cell) for cell in read_mask(**SUBJECT).flat]
    assert in_light(canvas) == inside
    expect(widget.shelf("Liked").locator(".fw-part")).to_be_visible()
    other.hover()
    assert in_light(canvas) == [not cell for cell in inside]
    widget.button("Next round").hover()
    assert in_light(canvas) == inside
    chip.click()
    widget.button("Next round").hover()
    expect(canvas).to_be_hidden()
    other.focus()
    chip.focus()
    expect(canvas).to_be_visible()
    widget.page.keyboard.press("s")
    assert len(widget.sent("subject")) == 1, "it is asked for once"


def test_a_search_without_result_may_be_asked_for_again(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(2)
    widget.page.keyboard.press("s")
    widget.wait_sent("subject")
    widget.message({"type": "subject", "id": FIRST[1], "mask": None})
    for key in "sb":
        widget.page.keyboard.press(key)
    widget.wait_sent("subject", 2)

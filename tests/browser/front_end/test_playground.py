"""The playground after a real run: the place by mouse and keyboard, sliders, errors, themes."""

from __future__ import annotations

import base64
import math
import re
import struct
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import status
from tests.browser.front_end.playing import open_playground, place, played, shot, stage
from tests.browser.front_end.test_accessibility import AXE, STANDARDS

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.playing import Played
    from tests.browser.front_end.widget_page import Opener, WidgetPage


@pytest.fixture
def run() -> Played:
    return played(weight=1.5)


def told_map(run: Played, level: int | None, part: int | None) -> dict[str, Any]:
    """Return a map as the kernel told it, with its values."""
    maps = run.traits["lens"]["maps"]
    (found,) = [one for one in maps if (one["level"], one["part"]) == (level, part)]
    data = base64.b64decode(found["data"]["bytes"])
    values = [value for (value,) in struct.iter_unpack("<f", data)]
    return {**found, "values": values}


def terms(widget: WidgetPage) -> list[float]:
    """Return g, the log-odds of the keys and log w, as they are to be read."""
    texts = widget.root.locator(".fp-number").all_inner_texts()
    return [float(re.split(r"[ \s]", text)[0].replace("−", "-")) for text in texts]


def test_three_pictures_and_the_numbers_of_the_place_in_the_middle(
    open_widget: Opener, run: Played
) -> None:
    widget = open_playground(open_widget, run)
    widget.expect_loaded(widget.root.locator(".fp-shot img"))
    expect(widget.root.get_by_role("img", name="a monster, without a reference")).to_be_visible()
    told = told_map(run, None, None)
    share = told["values"][told["rows"] // 2 * told["columns"] + told["columns"] // 2]
    g, odds, log_weight = terms(widget)
    assert g == pytest.approx(share, abs=0.0006)
    assert log_weight == pytest.approx(math.log(1.5), abs=0.006)
    assert 1 / (1 + math.exp(-(odds + log_weight))) == pytest.approx(g, abs=0.005)
    expect(widget.root.get_by_role("img", name=re.compile(r"own \d+ %, ref"))).to_be_visible()


def test_the_pointer_moves_the_place_and_the_reference_shows_where_it_looked(
    open_widget: Opener, run: Played
) -> None:
    widget = open_playground(open_widget, run)
    expect(shot(widget, "steered").locator("canvas")).to_be_hidden()
    widget.checkbox("Show heat").check()
    stage(widget).hover(position={"x": 8, "y": 8})
    expect(place(widget)).to_have_text(
        re.compile(r"Row 1, column 1: [\d.]+ % of the attention.*most of it at row \d+, column")
    )
    assert terms(widget)[0] == pytest.approx(told_map(run, None, None)["values"][0], abs=0.0006)
    for which in ("steered", "reference"):
        expect(shot(widget, which).locator("canvas")).to_be_visible()
    expect(shot(widget, "reference").locator(".fp-cell")).to_be_visible()


def test_the_keyboard_moves_the_place_and_it_is_said(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run)
    stage(widget).focus()
    for key in ("Home", "PageUp", "ArrowRight", "ArrowDown", "ArrowDown"):
        widget.page.keyboard.press(key)
    expect(place(widget)).to_have_text(re.compile("Row 3, column 2:"))
    said = widget.root.locator("[aria-live=polite]").filter(has_text="Row 3, column 2:")
    expect(said).to_have_count(1)
    keys = widget.page.evaluate("() => harness.keys()")
    assert keys["bubbled"] == []


def test_a_level_and_a_part_of_the_steps_can_be_chosen(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run)
    coarsest = len(run.traits["lens"]["levels"]) - 1
    widget.checkbox("Show heat").check()
    widget.root.get_by_role("combobox", name="Level").select_option(str(coarsest))
    widget.root.get_by_role("combobox", name="Steps").select_option("0")
    stage(widget).focus()
    widget.page.keyboard.press("Home")
    widget.page.keyboard.press("PageUp")
    told = told_map(run, coarsest, 0)
    assert terms(widget)[0] == pytest.approx(told["values"][0], abs=0.0006)
    assert widget.sent("looks")[-1]["level"] == coarsest
    assert widget.sent("looks")[-1]["part"] == 0
    size = shot(widget, "steered").locator("canvas").evaluate("(c) => [c.width, c.height]")
    assert size == [told["columns"], told["rows"]]


def test_a_slider_is_told_while_it_moves_and_when_it_rests(
    open_widget: Opener, run: Played
) -> None:
    widget = open_playground(open_widget, run)
    slider = widget.slider("Weight w")
    slider.focus()
    widget.page.keyboard.press("ArrowLeft")
    assert widget.wait_saved("weight")[-1] == {"weight": 1.45}
    box = slider.bounding_box()
    assert box is not None
    widget.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    widget.page.mouse.down()
    before = len(widget.saved("weight"))
    widget.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert 0.3 < widget.wait_saved("weight", before + 1)[-1]["weight"] < 0.7  # still held
    widget.page.mouse.up()
    expect(widget.root.locator(".fw-curve")).to_have_attribute("aria-label", re.compile("Weight 0"))


def test_the_window_never_ends_before_it_starts(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run, start=0.2, end=0.3)
    widget.slider("From").focus()
    for _ in range(3):
        widget.page.keyboard.press("ArrowRight")
    assert widget.trait("start") == pytest.approx(0.35)
    assert widget.trait("end") == pytest.approx(0.35)


def test_the_side_of_the_reference_is_chosen_by_keyboard(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run)
    widget.root.get_by_role("radio", name=re.compile("^Liked")).focus()
    widget.page.keyboard.press("ArrowDown")
    assert widget.wait_saved("dislike")[-1] == {"dislike": True}


def test_at_weight_0_the_shut_gate_is_explained(open_widget: Opener) -> None:
    widget = open_playground(open_widget, played(weight=0.0))
    expect(widget.root.get_by_text("At weight 0 the gate is shut")).to_be_visible()
    expect(widget.root.locator(".fp-number").first).to_be_hidden()
    assert widget.sent("looks") == []


def test_work_under_way_is_shown_and_can_be_stopped(open_widget: Opener, run: Played) -> None:
    busy = status("running", 9, message="Steering.", job=2, step=3, steps=4)
    widget = open_playground(open_widget, run, status=busy)
    expect(widget.root.get_by_text("Step 3 of 4")).to_be_visible()
    expect(widget.root.get_by_role("progressbar")).to_have_attribute("value", "3")
    widget.button("Stop").click()
    assert widget.wait_sent("cancel")


def test_an_error_says_what_to_do_and_one_can_try_again(open_widget: Opener, run: Played) -> None:
    error = {
        "title": "Out of memory",
        "message": "no room",
        "advice": "Use a smaller pipeline.",
        "traceback": "Traceback",
    }
    widget = open_playground(open_widget, run, status=status("error", 9, error=error, job=3))
    expect(widget.root.get_by_role("alert")).to_contain_text("Use a smaller pipeline.")
    widget.button("Try again").click()
    assert widget.wait_sent("run")
    widget.button("Dismiss").click()
    expect(widget.root.get_by_role("alert")).to_have_count(0)
    assert widget.wait_sent("dismiss")


def test_new_maps_replace_the_old_ones(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run)
    widget.wait_sent("looks")
    other = played(weight=0.5)
    widget.kernel(lens=other.traits["lens"], pictures=other.traits["pictures"])
    widget.wait_sent("looks", 2)
    told = told_map(other, None, None)
    share = told["values"][told["rows"] // 2 * told["columns"] + told["columns"] // 2]
    assert terms(widget)[0] == pytest.approx(share, abs=0.0006)


def test_nothing_stays_when_a_view_is_taken_away(open_widget: Opener, run: Played) -> None:
    widget = open_playground(open_widget, run)
    widget.expect_loaded(widget.root.locator(".fp-shot img"))
    widget.page.evaluate("() => harness.remove(0)")
    leaks = widget.page.evaluate("() => harness.leaks()")
    assert leaks == {"urls": 0, "listeners": 0, "outside": [], "observers": 0}


@pytest.mark.parametrize("width", [360, 1000])
def test_axe_finds_nothing_and_nothing_overflows(
    page: Page, open_widget: Opener, run: Played, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there; npm ci brings it")
    page.set_viewport_size({"width": width, "height": 900})
    widget = open_playground(open_widget, run)
    page.add_script_tag(path=AXE)
    schemes: tuple[tuple[Literal["light", "dark"], Any], ...] = (
        ("light", {"runOnly": STANDARDS}),
        ("dark", {"runOnly": ["color-contrast"]}),
    )
    for scheme, options in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(widget.root).to_have_attribute("data-theme", scheme)
        widget.settle()
        found = page.evaluate(
            "(options) => axe.run(document.querySelector('.fabric-widget'), options)", options
        )
        assert found["passes"]
        said = [
            f"{one['id']}: {n['html'][:120]}" for one in found["violations"] for n in one["nodes"]
        ]
        assert said == [], scheme
    assert widget.root.evaluate("(root) => root.scrollWidth <= root.clientWidth")

"""What of a reference lends, and what came over: choices, tables, shares, in every width."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.looks import BEYOND
from tests.browser.front_end.playing import open_playground, played
from tests.browser.front_end.test_accessibility import AXE, STANDARDS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.front_end.widget_page import Opener, WidgetPage

SCREENSHOTS = Path(__file__).parents[3] / "out/screenshots"


def choice(widget: WidgetPage, name: str) -> Locator:
    return widget.root.get_by_role("combobox", name=name, exact=True)


def came_over(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("region", name="What came over", exact=True)


def test_layers_and_part_are_chosen_and_the_kernel_knows(open_widget: Opener) -> None:
    widget = open_playground(open_widget, played())
    choice(widget, "Layers").select_option("fine")
    choice(widget, "Of the reference").select_option("subject")
    assert widget.wait_saved("part") == [{"part": "subject"}]
    assert widget.saved("layers") == [{"layers": "fine"}]


def test_a_box_is_drawn_on_the_reference_and_moved_by_keys(open_widget: Opener) -> None:
    widget = open_playground(open_widget, played())
    stage = widget.root.locator(".fp-box-stage")
    expect(stage).to_be_hidden()
    choice(widget, "Of the reference").select_option("box")
    stage.scroll_into_view_if_needed()
    place = stage.bounding_box()
    assert place
    mouse = widget.page.mouse
    # From the lower right to the upper left: sides are those of the picture all the same.
    mouse.move(place["x"] + 0.699 * place["width"], place["y"] + 0.799 * place["height"])
    mouse.down()
    mouse.move(place["x"] + 0.5 * place["width"], place["y"] + 0.5 * place["height"])
    mouse.move(place["x"] + 0.101 * place["width"], place["y"] - 30)  # beyond the picture
    mouse.up()
    drawn = {"box_left": 0.1, "box_top": 0.0, "box_right": 0.7, "box_bottom": 0.8}
    assert [widget.wait_saved(name)[-1][name] for name in drawn] == list(drawn.values())
    expect(stage).to_be_focused()
    widget.page.keyboard.press("ArrowDown")
    widget.page.keyboard.press("Shift+ArrowLeft")
    moved = {"box_left": 0.1, "box_top": 0.05, "box_right": 0.65, "box_bottom": 0.85}
    expect(stage).to_have_attribute("aria-label", re.compile(r"22 by 32 of 40 at 4, 2"))
    widget.page.wait_for_timeout(200)  # moves are sent once they rest
    assert [widget.saved(name)[-1][name] for name in moved] == list(moved.values())


def test_what_came_over_is_told_in_shares_and_words(open_widget: Opener) -> None:
    run = played()
    carried = {
        **run.traits["carried"],
        "color": 0.834,
        "form": -0.12,
        "read": [
            {"name": "color", "reference": "red", "plain": "blue", "steered": "red"},
            {"name": "pattern", "reference": "dots", "plain": "dots", "steered": "dots"},
            {"name": "shape", "reference": "oval", "plain": "round", "steered": "round"},
        ],
    }
    widget = open_playground(open_widget, run, carried=carried)
    panel = came_over(widget)
    expect(panel.locator(".fp-percent")).to_have_text(["83 %", "−12 %"])
    rows = panel.get_by_role("region", name="What is seen in the pictures").locator("tbody tr")
    expect(rows).to_have_text(
        ["colorredblueredyes", "patterndotsdotsdots–", "shapeovalroundround–"]
    )
    measured = panel.get_by_role("region", name="Measured of this pipeline", exact=True)
    expect(measured.locator("tbody tr")).to_have_count(6)
    expect(measured.locator("tbody tr").first).to_contain_text("0.63 (0.49 to 0.72)")
    expect(panel.get_by_text("not measured")).to_be_hidden()


def test_an_unmeasured_pipeline_says_how_to_measure_it(open_widget: Opener) -> None:
    run = played()
    told: dict[str, object] = {"color": None, "form": 0.1, "read": [], "measured": []}
    widget = open_playground(open_widget, run, carried={**run.traits["carried"], **told})
    panel = came_over(widget)
    expect(panel.locator("code")).to_have_text("python -m fabric_widget aspects PATH_OR_ID")
    expect(panel.locator(".fp-percent").first).to_have_text("–")
    expect(panel.get_by_role("table")).to_have_count(0)


def test_before_the_first_pictures_there_is_nothing_to_tell(open_widget: Opener) -> None:
    widget = open_playground(open_widget, played(), pictures={}, lens={}, carried={})
    expect(came_over(widget)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_axe_finds_nothing_and_a_picture_is_taken(
    page: Page, open_widget: Opener, width: int, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there; npm ci brings it")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 1500})
    widget = open_playground(open_widget, played(), part="box")
    expect(widget.root).to_have_attribute("data-theme", scheme)
    widget.expect_loaded(widget.root.locator(".fp-shot img"))
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        "(only) => axe.run(document.querySelector('.fabric-widget'), { runOnly: only })", STANDARDS
    )
    said = [f"{one['id']}: {n['html'][:120]}" for one in found["violations"] for n in one["nodes"]]
    assert said == []
    assert widget.root.evaluate(BEYOND) == [0, []]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"lending-{width}-{scheme}.png", full_page=True)

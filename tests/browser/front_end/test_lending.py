"""What of a reference lends, and what came over: choices, tables, shares, in every width."""

from __future__ import annotations

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
SIDES = ("Left", "Top", "Right", "Bottom")


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
    for side in SIDES:
        expect(widget.slider(side)).to_be_hidden()


def test_a_box_has_four_sides_that_keys_move(open_widget: Opener) -> None:
    widget = open_playground(open_widget, played())
    choice(widget, "Of the reference").select_option("box")
    for side in SIDES:
        expect(widget.slider(side)).to_be_visible()
    widget.slider("Left").focus()
    widget.page.keyboard.press("ArrowRight")
    assert widget.wait_saved("box_left")[-1] == {"box_left": 0.3}
    expect(widget.slider("Left")).to_have_attribute("aria-valuetext", "30 %")


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

"""Layout: visible focus, no motion where none is wanted, narrow pages, large targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.front_end.pictures import failed, ids, ready, running

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener, WidgetPage

from tests.browser.front_end.looks import BEYOND, VOTES, Scheme, open_everything
from tests.browser.front_end.playing import open_playground, played


def test_state_is_told_without_colours_too(page: Page, open_widget: Opener) -> None:
    """In forced colours a pressed thumb must differ by more than its background."""
    page.emulate_media(forced_colors="active")
    widget = open_widget(ready(votes={ids(0)[0]: 1}))
    looks = [
        widget.button(f"Like picture {number}").evaluate(
            """(button) => {
                const of = (node) => {
                    const { color, backgroundColor, borderColor, borderWidth, borderStyle,
                        outlineStyle, forcedColorAdjust, fill, stroke } = getComputedStyle(node);
                    return [color, backgroundColor, borderColor, borderWidth, borderStyle,
                        outlineStyle, forcedColorAdjust, fill, stroke].join(" ");
                };
                return [button, ...button.querySelectorAll("*")].map(of).join("\\n");
            }"""
        )
        for number in (1, 2)
    ]
    assert looks[0] != looks[1]
    widget.button("Next round").focus()
    widget.page.keyboard.press("Tab")
    outline = widget.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_visible(page: Page, open_widget: Opener, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    widget = open_widget(ready(votes={ids(0)[0]: 1}))
    page.locator("#before").focus()
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const node = document.activeElement;
                if (!node.closest(".fabric-widget")) return null;
                const shown = [node, node.closest(".fw-card"), node.parentElement,
                    node.firstElementChild, node.nextElementSibling].filter(Boolean);
                const marked = shown.some((one) => {
                    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
                    const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
                    return ring || boxShadow !== "none";
                });
                const name = node.getAttribute("aria-label") || node.textContent.trim();
                return [`${node.tagName} ${name}`, marked];
            }"""
        )
        if stop is None:
            break
        assert stop[1], f"no focus to be seen on {stop[0]}"
        seen.add(stop[0])
    assert len(seen) > 8
    assert widget.saved() == []


@pytest.mark.parametrize("still", [True, False])
def test_nothing_moves_for_those_who_asked_for_it(
    page: Page, open_widget: Opener, *, still: bool
) -> None:
    page.emulate_media(reduced_motion="reduce" if still else "no-preference")
    widget = open_widget()
    moving = """() => document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().activeDuration > 1)
        .map((one) => one.animationName ?? one.transitionProperty)"""
    found = widget.page.evaluate(
        f"() => {{ document.querySelector('[aria-label=\"Like picture 1\"]').click();"
        f" document.body.offsetWidth; return ({moving})(); }}"
    )
    widget.kernel(status=running()["status"])
    widget.settle()
    found += widget.page.evaluate(moving)
    assert (found == []) == still, found


@pytest.mark.parametrize("width", [320, 360, 600])
def test_it_fits_a_narrow_page(page: Page, open_widget: Opener, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    widget = open_widget(ready(votes=VOTES, prompt="monster" * 40))
    open_everything(widget)
    for state in (ready, running, failed):
        widget.kernel(status=state()["status"])
        widget.settle()
        assert widget.root.evaluate(BEYOND) == [0, []], state.__name__


def test_it_fits_a_narrow_cell_of_a_wide_page(page: Page, open_widget: Opener) -> None:
    widget = open_widget()
    page.evaluate("() => { document.getElementById('cell').style.width = '340px' }")
    widget.settle()
    box = widget.root.bounding_box()
    assert box
    assert box["width"] <= 340
    for card in widget.boxes():
        assert card["x"] + card["width"] <= box["x"] + box["width"] + 1


PARENTS = {
    "a block": "",
    "a row": "display: flex",
    "a row that wraps": "display: flex; flex-flow: row wrap",
    "a column": "display: flex; flex-direction: column",
    "a column that aligns": "display: flex; flex-direction: column; align-items: flex-start",
    "a grid": "display: grid",
    "a grid of content's size": "display: grid; grid-template-columns: auto",
    "a table": "display: table; width: 100%",
    "a float": "float: left; width: 100%",
    "an inline block": "display: inline-block; width: 100%",
}
# Parents that are as wide as their content: of a wide page the widget asks for a part.
SHRUNK = {
    "a table of content's size": "display: table",
    "a float of content's size": "float: left",
    "an inline block of content's size": "display: inline-block",
    "a box of content's size": "width: fit-content",
}
MARGIN = 4  # pixels, of the widget on both sides
ASKED = 900  # pixels: about what the widget wants to be


def shown(open_widget: Opener, script: str) -> WidgetPage:
    if script == "playground":
        return open_playground(open_widget, played())
    return open_widget(ready())


@pytest.mark.parametrize("script", ["widget", "playground"])
@pytest.mark.parametrize("width", [200, 720, 2000])
def test_it_fills_whatever_it_stands_in(
    page: Page, open_widget: Opener, script: str, width: int
) -> None:
    """Boxes that ask their children how wide they want to be get an answer, in notebooks too."""
    page.set_viewport_size({"width": width + 40, "height": 900})
    widget = shown(open_widget, script)
    page.add_style_tag(content=f"#cell {{ width: {width}px }} .output > * {{ margin: 2px }}")
    for parent, style in (PARENTS | SHRUNK).items():
        widget.root.evaluate("(root, css) => root.parentNode.parentNode.style = css", style)
        box = widget.root.bounding_box()
        assert box is not None
        least = min(width, ASKED) if parent in SHRUNK else width
        assert least - MARGIN - 1 <= box["width"] <= width, parent
        assert box["height"] < page.evaluate("innerHeight") * 5, parent


@pytest.mark.parametrize("script", ["widget", "playground"])
def test_its_neighbours_in_a_row_keep_their_size(
    page: Page, open_widget: Opener, script: str
) -> None:
    page.set_viewport_size({"width": 1000, "height": 900})
    widget = shown(open_widget, script)
    row = """(root) => {
        const box = root.parentNode.parentNode;
        box.style = "display: flex; width: 900px";
        box.insertAdjacentHTML("afterbegin", "<div id=slider style='width: 300px'>&nbsp;</div>");
        return [box.firstChild, root].map((one) => one.getBoundingClientRect().width);
    }"""
    slider, own = widget.root.evaluate(row)
    assert slider >= 299
    assert 900 - 300 - MARGIN - 1 <= own <= 601


def test_a_hidden_tab_is_right_when_it_is_shown(open_widget: Opener) -> None:
    widget = open_widget(ready())
    width = widget.root.evaluate("(root) => root.offsetWidth")
    widget.root.evaluate("(root) => { root.parentNode.parentNode.style = 'display: none' }")
    assert widget.root.evaluate("(root) => root.offsetWidth") == 0
    widget.root.evaluate("(root) => { root.parentNode.parentNode.style = 'display: flex' }")
    assert widget.root.evaluate("(root) => root.offsetWidth") == width
    assert widget.root.evaluate(BEYOND) == [0, []]


def test_targets_are_large_enough(open_widget: Opener) -> None:
    widget = open_widget(ready(2, votes={ids(0)[0]: 1, ids(0)[1]: -1}))
    open_everything(widget)
    small = widget.root.evaluate(
        """(root) => [...root.querySelectorAll("button, summary, select, input:not([type=file])")]
            .filter((node) => node.checkVisibility({ visibilityProperty: true }))
            .map((node) => [node, (node.closest("label") ?? node).getBoundingClientRect()])
            .filter(([, { width, height }]) => Math.min(width, height) < 23.9 && width > 1)
            .map(([node, { width, height }]) =>
                `${node.getAttribute("aria-label") ?? node.textContent}: ${width} x ${height}`)"""
    )
    assert small == []

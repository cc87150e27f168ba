"""Boxes within boxes that notebooks and dashboards put widgets into: nothing sticks out of any.

How wide a widget is in a single box of each kind is tested in `test_layout`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.looks import BEYOND
from tests.browser.front_end.pictures import ids, ready
from tests.browser.front_end.playing import open_playground, played

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener, WidgetPage

# The boxes of ipywidgets (its widgets-base.css).
HBOX = "display: flex; flex-direction: row; align-items: stretch; overflow: auto; margin: 0"
VBOX = "display: flex; flex-direction: column; align-items: stretch; overflow: auto; margin: 0"
HALF = "flex: 1 1 0; min-width: 0"
# Markup around the widget, and the share of the width that is the widget's.
SURROUNDINGS = {
    "a row in a column": (f"<div style='{VBOX}'><div style='{HBOX}' data-here></div></div>", 1),
    "a column in a row": (
        f"<div style='{HBOX}'><div style='{VBOX}; flex: 1 1 auto' data-here></div></div>",
        1,
    ),
    "a row of two": (
        f"<div style='{HBOX}'><div style='{HALF}' data-here></div><p style='{HALF}'>text</p></div>",
        0.5,
    ),
    "columns of a grid": (
        (
            "<div style='display: grid; grid-template-columns: 1fr 2fr'><p>beside</p>"
            "<div data-here style='min-width: 0'></div></div>"
        ),
        2 / 3,
    ),
    "a cell of a table": (
        (
            "<table style='width: 100%; border-spacing: 0'><tr>"
            "<td style='padding: 0' data-here></td></tr></table>"
        ),
        1,
    ),
    "a float beside a text": (
        "<div style='float: left; width: 60%' data-here></div><p>beside</p>",
        0.6,
    ),
    "a panel that scrolls": ("<div style='overflow: auto; height: 300px' data-here></div>", 1),
    "a panel that is pinned": (
        (
            "<div style='position: relative; height: 400px'>"
            "<div style='position: absolute; inset: 0; overflow: auto' data-here></div></div>"
        ),
        1,
    ),
    "a page that runs from right to left": ("<div dir='rtl' data-here></div>", 1),
    "large letters": ("<div style='font-size: 28px; line-height: 2' data-here></div>", 1),
    "centered capitals": (
        "<div style='text-align: center; text-transform: uppercase' data-here></div>",
        1,
    ),
    "lines that do not wrap": ("<div style='white-space: nowrap' data-here></div>", 1),
}
PUT = """(root, html) => {
    const host = root.parentNode;
    const box = document.createElement("div");
    box.innerHTML = html;
    box.querySelector("[data-here]").append(host);
    document.getElementById("cell").replaceChildren(box);
}"""
SCROLLBAR = 16  # pixels, at most


def shown(open_widget: Opener, script: str) -> WidgetPage:
    if script == "playground":
        return open_playground(open_widget, played())
    return open_widget(ready(2, votes={ids(4)[0]: 1}))


@pytest.mark.parametrize("script", ["widget", "playground"])
@pytest.mark.parametrize("width", [480, 1280])
def test_nothing_sticks_out_of_any_surroundings(
    page: Page, open_widget: Opener, script: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.body.style.margin = 0 })"
    )
    widget = shown(open_widget, script)
    whole = page.evaluate("document.getElementById('cell').clientWidth")
    for name, (html, share) in SURROUNDINGS.items():
        widget.root.evaluate(PUT, html)
        widget.settle()
        box = widget.root.bounding_box()
        assert box is not None
        assert share * whole - SCROLLBAR - 1 <= box["width"] <= share * whole + 1, name
        assert widget.root.evaluate(BEYOND) == [0, []], name


@pytest.mark.parametrize("script", ["widget", "playground"])
def test_born_in_a_hidden_tab_it_is_right_when_that_is_shown(
    page: Page, open_widget: Opener, script: str
) -> None:
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { cell.style.display = 'none' })"
    )
    page.set_viewport_size({"width": 1000, "height": 900})
    widget = shown(open_widget, script)
    assert widget.root.evaluate("(root) => root.offsetWidth") == 0
    page.evaluate("() => { cell.style.display = 'block' }")
    expect(widget.root).to_be_visible()
    widget.settle()
    assert widget.root.evaluate("(root) => root.offsetWidth") > 900
    assert widget.root.evaluate(BEYOND) == [0, []]
    widget.expect_loaded(widget.root.locator("img:visible"))


def test_two_widgets_share_a_row(page: Page, open_widget: Opener) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    widget = open_widget(ready(), views=2)
    page.evaluate(f"() => {{ cell.style = '{HBOX}' }}")
    widget.settle()
    widths = widget.page.locator(".fabric-widget").evaluate_all(
        "(roots) => roots.map((root) => root.getBoundingClientRect().width)"
    )
    assert sum(widths) <= 1280
    assert min(widths) > 500, widths

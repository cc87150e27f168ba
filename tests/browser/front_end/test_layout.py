"""Layout: visible focus, no motion where none is wanted, narrow pages, large targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.front_end.pictures import failed, ids, ready, running

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener

from tests.browser.front_end.looks import BEYOND, VOTES, Scheme, open_everything


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

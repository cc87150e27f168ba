"""No key that the widget uses reaches the notebook; the browser keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.front_end.widget_page import Host

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener, WidgetPage


KEYS = [
    *("ArrowRight", "ArrowDown", "Home", "End", "Shift+Enter", "Control+Enter", "Space"),
    *"lk0+-zZg1ddabmxyvc",
    "Backspace",
]


def heard(widget: WidgetPage) -> dict[str, list[str]]:
    """Say which keys the notebook met; those that go with others alone mean nothing."""
    keys = widget.page.evaluate("() => harness.keys()")
    alone = {"Shift", "Control", "Alt", "Meta"}
    return {how: [key for key in met if key not in alone] for how, met in keys.items()}


@pytest.mark.parametrize("shadow", [False, True])
def test_no_key_reaches_the_notebook(open_widget: Opener, *, shadow: bool) -> None:
    widget = open_widget(host=Host(shadow=shadow))
    for key in KEYS:
        widget.focus_card(1)
        widget.page.keyboard.press(key)
        if widget.root.locator("dialog[open]").count():
            widget.page.keyboard.press("Escape")
    widget.prompt.focus()
    for key in ("Shift+Enter", "Control+Enter", "d", "Backspace", "Delete", "ArrowDown"):
        widget.page.keyboard.press(key)
    for control in (
        widget.button("Next round"),
        widget.checkbox("Regenerate when I vote"),
        widget.button("Like picture 1"),
    ):
        control.focus()
        for key in ("d", "d", "a", "b", "ArrowDown"):
            widget.page.keyboard.press(key)
    assert heard(widget) == {"bubbled": [], "lumino": []}
    widget.page.locator("#before").focus()
    widget.page.keyboard.press("d")
    assert heard(widget) == {"bubbled": ["d"], "lumino": ["d"]}, "the trap itself works"


def test_keys_in_the_dialogs_do_not_reach_the_notebook(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(1)
    for lazy_session in ("Enter", "?"):
        widget.page.keyboard.press(lazy_session)
        for key in ("d", "d", "l", "l", "ArrowRight", "Escape"):
            widget.page.keyboard.press(key)
    assert heard(widget) == {"bubbled": [], "lumino": []}


def test_the_browser_keeps_its_own_keys(open_widget: Opener) -> None:
    """Tab, function keys and copying are not ours; Ctrl+S would save the page, so it is stopped."""
    widget = open_widget()
    widget.focus_card(1)
    prevented = widget.page.evaluate(
        """() => {
            const pressed = (key, more) => {
                const event = new KeyboardEvent("keydown", {
                    key, bubbles: true, composed: true, cancelable: true, ...more,
                });
                document.activeElement.dispatchEvent(event);
                return event.defaultPrevented;
            };
            return {
                tab: pressed("Tab"), back: pressed("Tab", { shiftKey: true }), f5: pressed("F5"),
                copy: pressed("c", { ctrlKey: true }), save: pressed("s", { ctrlKey: true }),
            };
        }"""
    )
    assert prevented == {"tab": False, "back": False, "f5": False, "copy": False, "save": True}

"""Themes of the hosts: every text can be read, whatever the page sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import failed, ready, running
from tests.browser.front_end.widget_page import Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener

from tests.browser.front_end.looks import FAINT, LOOKS, VOTES, Look, dark, dress, open_everything

Scheme = Literal["light", "dark"]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_text_can_be_read(page: Page, open_widget: Opener, look: Look) -> None:
    dress(page, look)
    widget = open_widget(ready(votes=VOTES), host=Host(shadow=look.shadow))
    expect(widget.root).to_have_attribute("data-theme", look.theme)
    assert dark(widget) == (look.theme == "dark")
    open_everything(widget)
    for state in (ready, running, failed):
        widget.kernel(status=state()["status"])
        widget.settle()
        found: dict[str, Any] = widget.root.evaluate(FAINT)
        assert found["count"] > 15
        assert found["faint"] == [], state.__name__


@pytest.mark.parametrize("look", [LOOKS[2], LOOKS[3]], ids=lambda look: look.name)
@pytest.mark.parametrize("which", ["zoom", "help"])
def test_dialogs_can_be_read(page: Page, open_widget: Opener, look: Look, which: str) -> None:
    dress(page, look)
    widget = open_widget()
    if which == "zoom":
        widget.button("Zoom picture 1").click()
        dialog = widget.dialog("Picture 1")
    else:
        widget.button("Help").click()
        dialog = widget.dialog("Keyboard")
    expect(dialog).to_be_visible()
    found: dict[str, Any] = dialog.evaluate(FAINT)
    assert found["count"] > 0
    assert found["faint"] == []


def test_the_theme_follows_the_host_while_it_is_open(open_widget: Opener) -> None:
    widget = open_widget()
    expect(widget.root).to_have_attribute("data-theme", "light")
    for light, theme in (("false", "dark"), ("true", "light")):
        widget.page.evaluate("(value) => { document.body.dataset.jpThemeLight = value }", light)
        expect(widget.root).to_have_attribute("data-theme", theme)
        assert dark(widget) == (theme == "dark")


def test_the_theme_follows_the_system_where_the_host_says_nothing(
    page: Page, open_widget: Opener
) -> None:
    widget = open_widget()
    page.emulate_media(color_scheme="dark")
    expect(widget.root).to_have_attribute("data-theme", "dark")
    assert dark(widget)

"""What is opened now and then comes from the kernel when it is first wanted, once, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.front_end.lens import PICTURE, lens, lens_jobs, shaped
from tests.browser.front_end.pictures import idle, ready
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.front_end.widget_page import Opener, WidgetPage

SCREENSHOTS = Path(__file__).parents[3] / "out/screenshots"
AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"


def _open_lens(widget: WidgetPage) -> Locator:
    widget.button("Lens for picture 2").click()
    return widget.dialog("Lens: round 2, picture 2")


def _open_help(widget: WidgetPage) -> Locator:
    widget.button("Help").click()
    return widget.dialog("Keyboard")


def _open_part(widget: WidgetPage) -> Locator:
    widget.focus_card(2)
    widget.page.keyboard.press("p")
    return widget.button("Like this part")


def _open_comparison(widget: WidgetPage) -> Locator:
    widget.focus_card(2)
    widget.page.keyboard.press("t")
    return widget.root.get_by_role("combobox", name="Compare with", exact=True)


def _open_panel(widget: WidgetPage) -> Locator:
    widget.root.locator("summary").filter(has_text="How feedback counts").click()
    return widget.slider("Feedback strength")


OPENERS: dict[str, Callable[[WidgetPage], Locator]] = {
    "The lens": _open_lens,
    "The help": _open_help,
    "The part editor": _open_part,
    "The comparison": _open_comparison,
    "The panel": _open_panel,
}


@pytest.mark.parametrize("host", [*DIALECTS, Host("marimo", shadow=True)])
def test_they_come_by_themselves_after_the_first_round_and_only_once(
    open_widget: Opener, host: Host
) -> None:
    widget = open_widget(idle(), host=host)
    widget.wait_sent("hello")
    widget.settle()
    assert widget.sent("tools") == [], "nothing to look at yet"
    widget.kernel(**ready())
    widget.wait_sent("tools")
    expect(_open_help(widget)).to_be_visible()
    width = widget.dialog("Keyboard").evaluate("(dialog) => getComputedStyle(dialog).width")
    assert width == "480px", "their style sheet is there, in a shadow root too"
    widget.page.keyboard.press("Escape")
    widget.page.evaluate("(shadow) => harness.render(shadow)", host.shadow)
    second = widget.page.locator(".fabric-widget").nth(1)
    second.get_by_role("button", name="Help", exact=True).click()
    expect(second.get_by_role("dialog", name="Keyboard", exact=True)).to_be_visible()
    assert len(widget.sent("tools")) == 1, "views of a widget share them"


def test_pointing_at_what_opens_one_fetches_them(open_widget: Opener) -> None:
    widget = open_widget(idle())
    widget.prompt.hover()
    widget.settle()
    assert widget.sent("tools") == []
    widget.button("Help").hover()
    widget.wait_sent("tools")


@pytest.mark.parametrize("name", OPENERS)
def test_opening_one_that_is_on_its_way_waits_for_it(open_widget: Opener, name: str) -> None:
    widget = open_widget(shaped(), hold=("tools",), lenses={PICTURE: lens().wire()})
    opened = OPENERS[name](widget)
    waiting = widget.dialog(name)
    expect(waiting.get_by_role("progressbar")).to_be_visible()
    expect(waiting.get_by_role("status")).to_have_text(f"{name} is on its way.")
    expect(opened).to_be_hidden()
    widget.answer("tools")
    expect(opened).to_be_visible()
    expect(waiting).to_be_hidden()


@pytest.mark.parametrize("name", OPENERS)
def test_what_comes_quickly_opens_without_a_word(open_widget: Opener, name: str) -> None:
    widget = open_widget(shaped(), hold=("tools",), lenses={PICTURE: lens().wire()})
    widget.wait_sent("tools")
    widget.page.evaluate(
        """() => {
            window.shown = 0;
            const show = HTMLDialogElement.prototype.showModal;
            HTMLDialogElement.prototype.showModal = function () {
                window.shown += this.classList.contains("fw-waiting");
                show.call(this);
            };
        }"""
    )
    widget.answer("tools")
    expect(OPENERS[name](widget)).to_be_visible()
    assert widget.page.evaluate("window.shown") == 0


def test_who_does_not_want_to_wait_closes_and_nothing_opens_later(open_widget: Opener) -> None:
    widget = open_widget(shaped(), hold=("tools",), lenses={PICTURE: lens().wire()})
    widget.focus_card(2)
    widget.page.keyboard.press("i")
    expect(widget.dialog("The lens")).to_be_visible()
    widget.page.keyboard.press("g")
    widget.page.keyboard.press("Escape")
    expect(widget.dialog("The lens")).to_be_hidden()
    assert widget.focused_card() == 2
    assert widget.sent("generate") == [], "keys wait as well"
    widget.answer("tools")
    widget.settle()
    expect(widget.root.locator("dialog[open]")).to_have_count(0)
    assert widget.sent("look") == []
    _open_lens(widget)
    widget.wait_sent("look")
    assert len(widget.sent("tools")) == 1


def test_a_refusal_is_told_and_can_be_tried_again(open_widget: Opener) -> None:
    widget = open_widget(shaped(), hold=("tools",), lenses={PICTURE: lens().wire()})
    opened = _open_lens(widget)
    waiting = widget.dialog("The lens")
    widget.refuse("tools", "a message of type 'tools' is unknown")
    told = "The lens could not be opened. a message of type 'tools' is unknown"
    expect(waiting.get_by_role("status")).to_have_text(told)
    expect(waiting.get_by_role("progressbar")).to_be_hidden()
    waiting.get_by_role("button", name="Retry", exact=True).click()
    expect(waiting.get_by_role("progressbar")).to_be_visible()
    assert len(widget.sent("tools")) == 2
    widget.answer("tools")
    widget.kernel(status=lens_jobs())
    expect(opened).to_be_visible()


@pytest.mark.parametrize("name", ["The help", "The comparison", "The panel"])
def test_without_a_kernel_it_says_why_and_the_rest_stays_usable(
    open_widget: Opener, name: str
) -> None:
    widget = open_widget(shaped(), hold=("tools",))
    widget.close()
    OPENERS[name](widget)
    waiting = widget.dialog(name)
    expect(waiting.get_by_role("status")).to_contain_text("Not connected to a kernel")
    waiting.get_by_role("button", name="Close", exact=True).click()
    widget.page.keyboard.press("Escape")
    widget.button("Zoom picture 1").click()
    expect(widget.dialog("Picture 1")).to_be_visible()


def test_they_stay_when_the_kernel_goes(open_widget: Opener) -> None:
    widget = open_widget(shaped())
    widget.wait_sent("tools")
    widget.close()
    expect(_open_help(widget)).to_be_visible()


OWN = "script-src 'self' 'unsafe-eval'"


def test_a_page_that_allows_no_blobs_has_them_all_the_same(open_widget: Opener) -> None:
    widget = open_widget(policy=f"{OWN} data:")
    expect(_open_help(widget)).to_be_visible()


def test_a_page_that_allows_neither_is_told_so(open_widget: Opener) -> None:
    widget = open_widget(policy=OWN)
    opened = _open_help(widget)
    told = widget.dialog("The help").get_by_role("status")
    expect(told).to_contain_text("This page does not let the widget load it")
    expect(opened).to_have_count(0)


def test_nothing_is_left_behind(open_widget: Opener) -> None:
    widget = open_widget()
    widget.wait_sent("tools")
    expect(_open_help(widget)).to_be_visible()
    widget.page.evaluate("() => harness.remove(0)")
    leaks = widget.page.evaluate("() => harness.leaks()")
    assert leaks == {"urls": 0, "listeners": 0, "outside": [], "observers": 0}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("state", ["waiting", "failed"])
def test_axe_finds_nothing_and_a_picture_is_taken(
    open_widget: Opener, state: str, width: int, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there; npm ci brings it")
    widget = open_widget(shaped(), hold=("tools",))
    page = widget.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 700})
    _open_lens(widget)
    expect(widget.dialog("The lens")).to_be_visible()
    if state == "failed":
        widget.refuse("tools", "The kernel could not do that.")
        expect(widget.dialog("The lens").get_by_role("button", name="Retry")).to_be_visible()
    expect(widget.root).to_have_attribute("data-theme", scheme)
    page.add_script_tag(path=AXE)
    found = page.evaluate("() => axe.run(document.querySelector('.fw-waiting'))")
    assert [one["id"] for one in found["violations"]] == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"tools-{state}-{width}-{scheme}.png")

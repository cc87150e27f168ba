"""axe-core finds nothing, in any state, in light and in dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.lens import PICTURE, lens, lens_jobs, shaped
from tests.browser.front_end.pictures import (
    drafted,
    failed,
    idle,
    ids,
    offered,
    ready,
    running,
    status,
)
from tests.browser.front_end.test_opening import open_both

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener, WidgetPage

AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VOTES = {ids(0)[0]: 1, ids(0)[1]: -1, ids(0)[2]: 0.5}
WHYS = {f"{ids(4)[0]}:colors": 1, f"{ids(4)[1]}:subject": -1, ids(4)[2]: 1}

STATES: dict[str, Json] = {
    "idle": idle(),
    "offer": offered(note="It was made with another model (Tiny): seeds give other pictures."),
    "loading": idle(status=status("loading", 2, message="Loading the model")),
    "running": running(votes=VOTES),
    "ready": ready(2, votes=VOTES),
    "error": failed(votes=VOTES),
    "notice": ready(status=status("ready", 9, notice={"id": 1, "text": "The prompt was cut."})),
    "zoom": ready(votes=VOTES),
    "whys": ready(2, votes=WHYS),
    "drafts": drafted(),
    "compare": ready(2, votes=VOTES, starred=[ids(4)[0]]),
    "part": ready(votes=VOTES),
    "help": ready(votes=VOTES),
    "menu": ready(votes=VOTES),
    "settings": ready(votes=VOTES),
    "opening": ready(2, votes=VOTES, saving=offered(left=True)["saving"]),
    "looking": shaped(),
    "lens": shaped(),
}

KEYS = {"compare": ("t",), "part": ("p", "ArrowUp")}
FOCUSED = {"compare": "dialog input[type=range]", "part": "[role=application]"}


def open_help(widget: WidgetPage) -> None:
    widget.button("Help").click()
    expect(widget.dialog("Keyboard")).to_be_visible()


OPENED = {"help": open_help, "opening": open_both}


def reach(widget: WidgetPage, state: str) -> None:
    """Do what leads from the traits to the state."""
    if (name := state.split("-", maxsplit=1)[0]) in OPENED:
        OPENED[name](widget)
    elif state == "zoom":
        widget.button("Zoom picture 2").click()
        expect(widget.dialog("Picture 2")).to_be_visible()
    elif state in KEYS:
        widget.focus_card(2)
        for key in KEYS[state]:
            widget.page.keyboard.press(key)
        expect(widget.root.locator(FOCUSED[state])).to_be_focused()
    elif state in {"looking", "lens"}:
        widget.button("Lens for picture 2").click()
        widget.kernel(status=lens_jobs())
        if state == "lens":
            widget.looked(PICTURE)
            expect(widget.root.get_by_role("grid")).to_be_focused()
        expect(widget.dialog("Lens: round 2, picture 2")).to_be_visible()
    elif state == "menu":
        expect(widget.more(2, "Download")).to_be_visible()
    elif state == "error":
        widget.root.get_by_role("alert").locator("summary").click()
    elif state == "settings":
        widget.details("Settings")
        widget.details("How feedback counts")
        widget.button("Save preset").click()
        expect(widget.root.get_by_role("textbox", name="Preset name", exact=True)).to_be_visible()


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(page: Page, open_widget: Opener, state: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there; npm ci brings it")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    widget = open_widget(STATES[state], lenses={PICTURE: lens().wire()})
    reach(widget, state)
    page.add_script_tag(path=AXE)
    # Only colours differ between the two.
    schemes: tuple[tuple[Literal["light", "dark"], Json], ...] = (
        ("light", {"runOnly": STANDARDS}),
        ("dark", {"runOnly": ["color-contrast"]}),
    )
    for scheme, options in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(widget.root).to_have_attribute("data-theme", scheme)
        widget.settle()
        found: dict[str, list[dict[str, Any]]] = page.evaluate(
            "(options) => axe.run(document.querySelector('.fabric-widget'), options)", options
        )
        assert found["passes"]
        said = [
            f"{one['id']}: {one['help']}: {node['html'][:160]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert said == [], scheme

"""Pictures of the widget in out/screenshots, to be looked at; here only: they show something."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.front_end.lens import PICTURE, lens, lens_jobs, shaped
from tests.browser.front_end.looks import JUPYTER_DARK, JUPYTER_LIGHT
from tests.browser.front_end.pictures import (
    drafted,
    failed,
    idle,
    ids,
    offered,
    pictures,
    ready,
    running,
    tried,
)
from tests.browser.front_end.test_opening import open_both

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener, WidgetPage

SCHEMES: dict[Literal["light", "dark"], str] = {"light": JUPYTER_LIGHT, "dark": JUPYTER_DARK}
FOLDER = Path(__file__).parents[3] / "out/screenshots"
VOTES = {ids(8)[0]: 1, ids(8)[1]: -1, ids(4)[3]: 1.5}
WHYS = {
    ids(8)[0]: 1,
    f"{ids(8)[1]}:background": -1,
    f"{ids(8)[2]}:colors": 1,
    f"{ids(8)[2]}:form": 1,
    f"{ids(4)[3]}:colors:subject": 1.5,
}
PART = "0123456789ab"
MARKED = {f"{ids(8)[1]}:{PART}": 1, f"{ids(8)[2]}:colors": 1, f"{ids(4)[0]}:{PART}": -1}
PARTS = {PART: {"rows": 16, "columns": 16, "runs": [68, *[8, 8] * 7, 8, 68]}}

STATES: dict[str, Json] = {
    "idle": idle(),
    "running": running(),
    "votes": ready(3, votes=VOTES),
    "whys": ready(3, votes=WHYS),
    "whys-narrow": ready(3, votes=WHYS),
    "whys-wide": ready(3, votes=WHYS),
    "zoom-whys": ready(3, votes=WHYS),
    "compare": ready(3, votes=VOTES, starred=[ids(8)[0], ids(4)[3]]),
    "stars": ready(3, votes=VOTES, starred=[ids(8)[0], ids(4)[3]]),
    "drafts": drafted(),
    "drafts-narrow": drafted(16),
    "part": ready(3, votes=MARKED, parts=PARTS),
    "part-narrow": ready(3, votes=MARKED, parts=PARTS),
    "marked": ready(3, votes=MARKED, parts=PARTS),
    "tries": tried(),
    "tries-narrow": tried(),
    "error": failed(),
    "zoom": ready(3, votes=VOTES),
    "help": ready(3, votes=VOTES),
    "settings": ready(3, votes=VOTES),
    "narrow": ready(3, votes=VOTES),
    "shelf": shaped(),
    "opening": ready(3, votes=VOTES, saving=offered(left=True)["saving"]),
    "opening-narrow": ready(3, votes=VOTES, saving=offered(left=True)["saving"]),
    "looking": shaped(),
    "lens": shaped(),
    "lens-narrow": shaped(),
}

KEYS = {
    "compare": ("t",),
    "part": ("p", "ArrowUp", "ArrowUp", "ArrowUp", "Shift+ArrowLeft"),
}


def open_help(widget: WidgetPage) -> None:
    widget.button("Help").click()
    expect(widget.dialog("Keyboard")).to_be_visible()


OPENED = {"help": open_help, "opening": open_both}


def reach(widget: WidgetPage, state: str) -> None:
    """Do what leads from the traits to the state."""
    if (name := state.split("-", maxsplit=1)[0]) in OPENED:
        OPENED[name](widget)
    elif state == "running":
        preview = {"type": "preview", "job": 2, "step": 7, "first": 0, "mime": "image/webp"}
        widget.message({**preview, "done": False}, [one.thumb for one in pictures(8, 2)])
        widget.wait_sent("seen")
    elif state.startswith("zoom"):
        number = 1 if state == "zoom" else 3
        widget.button(f"Zoom picture {number}").click()
        expect(widget.dialog(f"Picture {number}")).to_be_visible()
    elif state.split("-", maxsplit=1)[0] in KEYS:
        widget.focus_card(3)
        for key in KEYS[state.split("-", maxsplit=1)[0]]:
            widget.page.keyboard.press(key)
    elif state.startswith("whys"):
        widget.button("Like picture 4").click()  # the first one here: reasons are explained
    elif state in {"looking", "lens", "lens-narrow"}:
        widget.button("Lens for picture 2").click()
        expect(widget.dialog("Lens: round 2, picture 2")).to_be_visible()
        widget.kernel(status=lens_jobs())
        if state != "looking":
            widget.looked(PICTURE)
            expect(widget.root.locator(".fw-lens-veil").filter(visible=True)).to_have_count(2)
    elif state == "settings":
        widget.details("Settings")
        widget.details("How feedback counts")
    widget.expect_loaded(widget.root.locator("img").filter(visible=True))


@pytest.mark.parametrize("state", STATES)
def test_a_picture_is_taken(page: Page, open_widget: Opener, state: str) -> None:
    """In light, and in dark, to which the page changes."""
    page.emulate_media(reduced_motion="reduce")
    width = 360 if "narrow" in state else 1400 if "wide" in state else 1000
    dialog = state in {
        "compare",
        "zoom",
        "zoom-whys",
        "part",
        "part-narrow",
        "help",
        "looking",
        "lens",
        "lens-narrow",
    }
    page.set_viewport_size({"width": width, "height": 800 if dialog and width > 360 else 1800})
    widget = open_widget(STATES[state], lenses={PICTURE: lens().wire()})
    reach(widget, state)
    for scheme, css in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        page.evaluate(
            """([light, css]) => {
                document.body.dataset.jpThemeLight = light;
                const sheet = new CSSStyleSheet();
                sheet.replaceSync(`:root { ${css} } body { background: var(--jp-layout-color0) }`);
                document.adoptedStyleSheets = [sheet];
            }""",
            [str(scheme == "light").lower(), css],
        )
        expect(widget.root).to_have_attribute("data-theme", scheme)
        widget.settle()
        taken = page.screenshot() if dialog else page.locator("main").screenshot()
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{state}-{scheme}.png").write_bytes(taken)
        with Image.open(io.BytesIO(taken)) as image:
            assert image.width > 300
            assert image.height >= 300
            colours = image.convert("RGB").getcolors(maxcolors=2**24)
        assert colours is not None
        least = 20 if state == "idle" else 200
        assert len(colours) > least, "more than a few flat areas"

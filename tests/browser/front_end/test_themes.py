"""Readable in the dark and the light of every notebook, still, and at any width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import failed, ids, ready, running
from tests.browser.front_end.widget_page import Host, WidgetPage

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener

Scheme = Literal["light", "dark"]

# A few of the custom properties that each host really sets.
JUPYTER_LIGHT = "--jp-layout-color0: #fff; --jp-layout-color1: #fff; --jp-ui-font-color0: #000; \
--jp-ui-font-color1: rgba(0, 0, 0, 0.87); --jp-ui-font-color2: rgba(0, 0, 0, 0.54); \
--jp-border-color1: #bdbdbd; --jp-brand-color1: #1976d2; --jp-error-color1: #d32f2f"
JUPYTER_DARK = "--jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-ui-font-color0: #fff; \
--jp-ui-font-color1: rgba(255, 255, 255, 0.87); --jp-ui-font-color2: rgba(255, 255, 255, 0.54); \
--jp-border-color1: #616161; --jp-brand-color1: #1976d2; --jp-error-color1: #d32f2f"
CODE_DARK = "--vscode-editor-background: #1e1e1e; --vscode-editor-foreground: #d4d4d4; \
--vscode-foreground: #cccccc; --vscode-font-family: sans-serif"
CODE_LIGHT = "--vscode-editor-background: #fff; --vscode-editor-foreground: #000; \
--vscode-foreground: #616161; --vscode-font-family: sans-serif"
CODE_CONTRAST = "--vscode-editor-background: #000; --vscode-editor-foreground: #fff; \
--vscode-foreground: #fff; --vscode-contrastBorder: #6fc3df"
WHITE = ".output { background: white !important }"


@dataclass(frozen=True)
class Look:
    """What a host puts on the page, and how the widget is to look there."""

    name: str
    theme: Scheme
    system: Scheme = "light"
    html: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, str], ...] = ()
    css: str = ""
    shadow: bool = False


LOOKS = [
    Look("plain-light", "light"),
    Look("plain-dark", "dark", system="dark"),
    Look(
        "jupyter-light",
        "light",
        body=(("data-jp-theme-light", "true"),),
        css=f":root {{ {JUPYTER_LIGHT} }}",
    ),
    Look(
        "jupyter-dark",
        "dark",
        body=(("data-jp-theme-light", "false"),),
        css=f":root {{ {JUPYTER_DARK} }} body {{ background: #111 }}",
    ),
    Look(
        "jupyter-light-on-dark-system",
        "light",
        system="dark",
        body=(("data-jp-theme-light", "true"),),
        css=f":root {{ {JUPYTER_LIGHT} }} body {{ background: #fff }}",
    ),
    Look(
        "code-dark",
        "dark",
        html=(("style", CODE_DARK),),
        body=(("data-vscode-theme-kind", "vscode-dark"), ("class", "vscode-dark")),
        css=WHITE,
    ),
    Look(
        "code-light-on-dark-system",
        "light",
        system="dark",
        html=(("style", CODE_LIGHT),),
        body=(("data-vscode-theme-kind", "vscode-light"), ("class", "vscode-light")),
        css=WHITE,
    ),
    Look(
        "code-high-contrast",
        "dark",
        html=(("style", CODE_CONTRAST),),
        body=(
            ("data-vscode-theme-kind", "vscode-high-contrast"),
            ("class", "vscode-high-contrast"),
        ),
        css=WHITE,
    ),
    Look("colab-light-on-dark-system", "light", system="dark", html=(("theme", "light"),)),
    Look("colab-dark", "dark", html=(("theme", "dark"),), css="body { background: #383838 }"),
    Look(
        "marimo-dark",
        "dark",
        body=(("class", "dark dark-theme"), ("data-theme", "dark")),
        css=":root { color-scheme: dark } body { background: #181c1a }",
        shadow=True,
    ),
    Look(
        "marimo-light-on-dark-system",
        "light",
        system="dark",
        body=(("class", "light light-theme"), ("data-theme", "light")),
        css=":root { color-scheme: light }",
        shadow=True,
    ),
]

VOTES = {ids(0)[0]: 1, ids(0)[1]: -1}

# The WCAG contrast of every visible text with what is painted behind it.
FAINT = """(root) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [x, y, z]) =>
        [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
    const parent = (node) => node.parentElement ?? node.getRootNode().host ?? null;
    const behind = (node) => {
        const layers = [];
        for (let one = node; one; one = parent(one)) {
            const layer = rgba(getComputedStyle(one).backgroundColor);
            layers.push(layer);
            if (layer[3] === 1) break;
        }
        return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const luminance = (color) => {
        const [r, g, b] = color.slice(0, 3).map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    let count = 0;
    const fields = "input:not([type=range], [type=checkbox], [type=file]), textarea, select";
    for (const node of root.querySelectorAll("*")) {
        const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
        if (!own && !node.matches(fields)) continue;
        if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const { width, height } = node.getBoundingClientRect();
        if (width < 2 || height < 2) continue;
        if (node.closest("[aria-disabled=true], :disabled, svg")) continue;
        count += 1;
        const below = behind(node);
        const ink = over(rgba(getComputedStyle(node).color), below);
        const [low, high] = [luminance(ink), luminance(below)].sort((a, b) => a - b);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) faint.push(`${node.className || node.tagName}: ${ratio.toFixed(2)}`);
    }
    return { count, faint };
}"""


# What sticks out of the widget to the right, and by how much the page can be scrolled sideways.
BEYOND = """(root) => {
    const right = root.getBoundingClientRect().right;
    const page = document.documentElement;
    const wide = [...root.querySelectorAll("*")].filter((node) => {
        if (!node.checkVisibility()) return false;
        for (let one = node.parentElement; one !== root; one = one.parentElement) {
            if (getComputedStyle(one).overflowX !== "visible") return false;
        }
        return node.getBoundingClientRect().right > right + 1;
    });
    return [page.scrollWidth - page.clientWidth, wide.map((node) => node.className)];
}"""


def dress(page: Page, look: Look) -> None:
    """Have the page look like this host from the beginning."""
    page.emulate_media(color_scheme=look.system)
    page.add_init_script(
        f"""addEventListener("DOMContentLoaded", () => {{
            for (const [name, value] of {[list(pair) for pair in look.html]})
                document.documentElement.setAttribute(name, value);
            for (const [name, value] of {[list(pair) for pair in look.body]})
                document.body.setAttribute(name, value);
            const sheet = new CSSStyleSheet();
            sheet.replaceSync({look.css!r});
            document.adoptedStyleSheets = [sheet];
        }});"""
    )


def open_everything(widget: WidgetPage) -> None:
    widget.details("Settings")
    widget.details("How feedback counts")


def dark(widget: WidgetPage) -> bool:
    """Say whether the surface that the widget paints itself is a dark one."""
    return widget.root.evaluate(  # type: ignore[no-any-return]
        """(root) => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.fillStyle = getComputedStyle(root).backgroundColor;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
            if (a < 255) throw new Error("the widget paints no surface of its own");
            return r + g + b < 384;
        }"""
    )


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

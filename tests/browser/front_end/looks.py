"""Looks of the hosts that the widget is shown in, and what is measured there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.browser.front_end.pictures import ids

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import WidgetPage


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

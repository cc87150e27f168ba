"""The widget in a real marimo app: its kernel, its reactivity, its shadow root."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .notebook import PATIENCE, Widget, brightness
from .servers import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

# The third cell depends on the widget; it counts how often it runs, and for which round.
APP = """
    import marimo

    app = marimo.App()

    @app.cell
    def _():
        import marimo as mo
        from fabric_widget import FabricWidget
        seen = []
        return FabricWidget, mo, seen

    @app.cell
    def _(FabricWidget, mo):
        w = mo.ui.anywidget(
            FabricWidget(prompt="a monster", num_images=2, steps=3, seed=7, auto=False)
        )
        w
        return (w,)

    @app.cell
    def _(mo, seen, w):
        seen.append(w.value["seen_round"])
        mo.md(f"dependent cell saw {[index for index in seen if index >= 0]}")
        return

    if __name__ == "__main__":
        app.run()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("marimo")
    (home / "app.py").write_text(textwrap.dedent(APP), encoding="utf-8")
    # marimo then takes the theme that the browser prefers.
    (home / ".marimo.toml").write_text('[display]\ntheme = "system"\n', encoding="utf-8")
    command = ["marimo", "run", "app.py", "--headless", "--no-token"]
    with Server([*command, "--host=127.0.0.1", f"--port={free_port()}"], home) as started:
        yield started


@pytest.fixture
def widget(page: Page, server: Server) -> Widget:
    page.goto(server.url)
    return Widget(page.locator(".fabric-widget")).wait(phase="idle", round=-1)


def test_a_vote_counts_and_dependent_cells_run_once_per_round(widget: Widget) -> None:
    first = widget.generate(0)
    expect(widget.page.get_by_text("dependent cell saw [0]")).to_be_visible(timeout=PATIENCE)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    assert not {*first} & {*widget.generate(1)}
    # A vote is a gesture of its own, and marimo runs cells for each: the round they see is the old.
    told = widget.page.get_by_text("dependent cell saw [0, 0, 1]")
    expect(told).to_be_visible(timeout=PATIENCE)


def test_style_and_tools_reach_into_the_shadow_root(widget: Widget) -> None:
    shadow, background = widget.root.evaluate(
        "root => [root.getRootNode() instanceof ShadowRoot, getComputedStyle(root).backgroundColor]"
    )
    assert shadow
    widget.expect_tools()
    assert background not in {"rgba(0, 0, 0, 0)", "transparent"}
    widget.wait(theme="light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_marimos(page: Page, server: Server, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(server.url)
    widget = Widget(page.locator(".fabric-widget")).wait(phase="idle", theme=theme)
    surface = brightness(widget)
    assert surface < 70 if theme == "dark" else surface > 200
    # And changes with it.
    page.emulate_media(color_scheme="light" if theme == "dark" else "dark")
    widget.wait(theme="light" if theme == "dark" else "dark")


def test_keys_and_lines_stay_in_the_widget(widget: Widget) -> None:
    widget.prompt.fill("a monster")
    widget.prompt.press("Shift+Enter")
    widget.prompt.press_sequentially("at night")
    assert widget.prompt.input_value() == "a monster\nat night"

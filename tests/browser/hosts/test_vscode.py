"""VS Code, as far as it can be imitated without it: its page and its kernel around the real widget.

What is imitated: a kernel that knows no subshells, so that widget messages wait for the running
cell (ipykernel 6); no JupyterLab on the page's body but VS Code's own attributes and colours; an
output that is painted white whatever the theme; a page-wide key handler like that of the editor,
which takes every key that reaches it. What is not: its extension host between page and kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .notebook import brightness

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook

pytestmark = pytest.mark.parametrize(
    ("server", "kernel"),
    [("notebook", "ipykernel-6")],
    indirect=True,
)
CELL = "w = FabricWidget(prompt='a monster', num_images=2, steps=3, seed=7, auto=False)\nw.show()"
PAGE = """kind => {
    const {body} = document;
    delete body.dataset.jpThemeLight;
    delete body.dataset.jpThemeName;
    body.dataset.vscodeThemeKind = kind;
    const dark = kind === "vscode-dark";
    body.style.setProperty("--vscode-foreground", dark ? "#cccccc" : "#3b3b3b");
    body.style.setProperty("--vscode-editor-background", dark ? "#1f1f1f" : "#ffffff");
    const style = document.createElement("style");
    style.textContent = ".jp-OutputArea-output { background: white !important; }";
    document.head.append(style);
    window.keys = [];
    document.addEventListener("keydown", ({key}) => window.keys.push(key));
}"""


@pytest.mark.parametrize("kind", ["vscode-light", "vscode-dark"])
def test_the_widget_paints_its_own_surface(notebook: Callable[..., Notebook], kind: str) -> None:
    book = notebook(CELL)
    book.page.evaluate(PAGE, kind)
    widget = book.widget().wait(phase="idle", theme=kind.removeprefix("vscode-"))
    text = widget.prompt.evaluate("prompt => getComputedStyle(prompt).color")
    red = int(text.removeprefix("rgb(").partition(",")[0])
    if kind == "vscode-dark":
        assert brightness(widget) < 70
        assert red > 180
    else:
        assert brightness(widget) > 200
        assert red < 100
    assert len(widget.generate(0)) == 2
    widget.expect_tools()


def test_keys_that_the_widget_takes_do_not_reach_the_editor(
    notebook: Callable[..., Notebook],
) -> None:
    book = notebook(CELL)
    book.page.evaluate(PAGE, "vscode-dark")
    widget = book.widget().wait(phase="idle")
    widget.generate(0)
    widget.prompt.press("Shift+Enter")
    widget.prompt.press_sequentially("add")
    widget.like(1).focus()
    book.page.keyboard.press("l")
    widget.expect_vote(1, liked=True)
    reached = book.page.evaluate("window.keys")
    assert not {"l", "a", "d", "Enter"} & {*reached}

"""A notebook page and the widget on it, as a person (and a kernel client) meets them."""

from __future__ import annotations

import json
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from .servers import Jupyter

# How long a page may take until it counts as broken; nothing waits that long when all is well.
PATIENCE = 90_000
BUSY = re.compile("loading|running|stopping")

IMPORT = "from fabric_widget import FabricWidget, load_demo"

_PANEL = "window.jupyterapp?.shell.currentWidget"
_KERNEL = f"{_PANEL}?.context?.sessionContext?.session?.kernel"
_EVALUATE = f"""async expression => {{
    const future = {_KERNEL}.requestExecute({{
        code: "import json", store_history: false,
        user_expressions: {{value: `json.dumps(${{expression}})`}},
    }});
    return (await future.done).content.user_expressions.value;
}}"""


class Widget:
    """One view of the widget, by the names that a screen reader tells."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page

    def wait(self, **data: str | int | re.Pattern[str]) -> Widget:
        """Wait until the root says all of these, such as phase="ready", round=0."""
        for name, value in data.items():
            text = value if isinstance(value, re.Pattern) else str(value)
            expect(self.root).to_have_attribute(f"data-{name}", text, timeout=PATIENCE)
        return self

    def generate(self, index: int) -> list[str]:
        """Press Next round and wait for that round; give the ids of its pictures."""
        self.button("Next round").click()
        return self.wait(round=index, phase="ready").ids()

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def like(self, number: int) -> Locator:
        return self.button(f"Like picture {number}")

    @property
    def prompt(self) -> Locator:
        return self.root.get_by_label("Prompt", exact=True)

    @property
    def pictures(self) -> Locator:
        """The pictures of the grid that can be seen: loaded, and with pixels."""
        return self.root.locator(".fw-grid .fw-card img")

    def expect_tools(self) -> None:
        """Open what comes over the comm when it is first wanted, and close it."""
        self.button("Help").click()
        dialog = self.root.get_by_role("dialog", name="Keyboard", exact=True)
        expect(dialog).to_be_visible(timeout=PATIENCE)
        dialog.get_by_role("button", name="Close", exact=True).click()
        expect(dialog).to_be_hidden()

    def ids(self) -> list[str]:
        """Give the ids of the pictures in the grid, once each of them is drawn."""
        cards = self.root.locator(".fw-grid .fw-card")
        expect(cards.first).to_be_visible(timeout=PATIENCE)
        found: list[str] = cards.evaluate_all("cards => cards.map(card => card.dataset.id)")
        self.page.wait_for_function(
            "images => images.every(i => i.complete && i.naturalWidth > 0)",
            arg=[image.element_handle() for image in self.pictures.all()],
            timeout=PATIENCE,
        )
        return found

    def expect_vote(self, number: int, *, liked: bool) -> None:
        expect(self.like(number)).to_have_attribute(
            "aria-pressed", "true" if liked else "false", timeout=PATIENCE
        )


def brightness(widget: Widget) -> float:
    """Give the brightness, 0 … 255, of what the widget is painted on: a colour of its own."""
    colour = widget.root.evaluate("root => getComputedStyle(root).backgroundColor")
    red, green, blue, *opacity = (float(part) for part in re.findall(r"[\d.]+", colour))
    assert opacity in ([], [1.0])
    return (red + green + blue) / 3


class Notebook:
    """A notebook, open on a page, with a kernel that other notebooks may share."""

    def __init__(self, page: Page, server: Jupyter, name: str, kernel: str) -> None:
        self.page = page
        self.server = server
        self.name = name
        self.kernel = kernel  # id

    def write(self, *cells: str) -> Notebook:
        """Write the notebook's file, and connect it to the kernel."""
        path = self.server.home / "work" / self.name
        path.write_text(json.dumps(document(*cells)), encoding="utf-8")
        session = {"path": self.name, "name": self.name, "type": "notebook"}
        self.server.ask("POST", "sessions", {**session, "kernel": {"id": self.kernel}})
        return self

    def open(self) -> Notebook:
        self.page.goto(self.server.page(self.name), timeout=PATIENCE)
        return self.wait()

    def reload(self) -> Notebook:
        self.page.reload(timeout=PATIENCE)
        return self.wait()

    def wait(self) -> Notebook:
        """Wait until the page has its cells and its kernel, and the kernel nothing to do."""
        self.page.wait_for_function(
            f"name => {_PANEL}?.context?.path === name && {_PANEL}.context.isReady"
            f" && {_PANEL}.isRevealed && {_KERNEL}?.status === 'idle'",
            arg=self.name,
            timeout=PATIENCE,
        )
        return self

    def run(self) -> Notebook:
        """Run all cells and wait for the last one."""
        self.command("notebook:run-all-cells")
        raised = self.page.locator(
            ".jp-OutputArea-output[data-mime-type*=stderr]"
        ).all_inner_texts()
        assert all(count for _, _, count in self.cells()), raised
        return self

    def start_last_cell(self, code: str) -> None:
        """Write this into the last cell, run it, and wait for nothing."""
        self.page.evaluate(
            f"""code => {{
                const {{content}} = {_PANEL};
                content.activeCellIndex = content.widgets.length - 1;
                content.activeCell.model.sharedModel.setSource(code);
                void window.jupyterapp.commands.execute('notebook:run-cell');
            }}""",
            code,
        )

    def command(self, name: str, **arguments: object) -> None:
        """Carry out what stands in the menus under this name."""
        self.page.evaluate(
            "([name, options]) => window.jupyterapp.commands.execute(name, options).then(() => 0)",
            [name, arguments],
        )

    def cells(self) -> list[list[object]]:
        """Give type, id and execution count of each cell."""
        found: list[list[object]] = self.page.evaluate(
            f"{_PANEL}.content.widgets"
            ".map(({model}) => [model.type, model.id, model.executionCount ?? null])"
        )
        return found

    def evaluate(self, expression: str) -> Any:
        """Ask the kernel for a value, after everything that was asked of it before."""
        answer = self.page.evaluate(_EVALUATE, expression)
        assert answer["status"] == "ok", answer
        # The value comes as Python writes a string: JSON in quotes.
        text = answer["data"]["text/plain"]
        return json.loads(text[1:-1].encode().decode("unicode_escape"))

    def widget(self, view: int = 0) -> Widget:
        return Widget(self.page.locator(".fabric-widget").nth(view))


def document(*cells: str) -> dict[str, object]:
    """Give a notebook of code cells as JSON."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{index}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for index, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@contextmanager
def gate() -> Iterator[tuple[str, socket.socket]]:
    """Give code that blocks a cell, and the socket on which the cell reports and is released."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE / 1000)
        port = listener.getsockname()[1]
        code = f"import socket\nsocket.create_connection(('127.0.0.1', {port})).recv(1)"
        yield code, listener

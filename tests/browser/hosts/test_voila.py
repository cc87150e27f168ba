"""The widget in a real Voilà app: a notebook served as a page without cells, its kernel alive."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .notebook import IMPORT, PATIENCE, Widget, brightness, document
from .servers import Server, free_port, write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        importlib.util.find_spec("voila") is None,
        reason="Voilà is not there: make test installs what the dev extra names",
    ),
]
CELLS = (
    IMPORT,
    "w = FabricWidget(prompt='a monster', num_images=2, steps=3, seed=7, auto=False)\nw.show()",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("voila")
    write_kernelspec(home / "data/kernels/python3", "python3", None)
    (home / "app.ipynb").write_text(json.dumps(document(*CELLS)), encoding="utf-8")
    command = ["voila", "app.ipynb", "--no-browser", "--Voila.ip=127.0.0.1"]
    with Server([*command, f"--port={free_port()}", "--show_tracebacks=True"], home) as started:
        yield started


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page where the widget must not raise; Voilà's own page would fetch a font of icons."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.route(re.compile("^https:"), lambda route: route.abort())
    raised: list[str] = []
    page.on("pageerror", lambda error: raised.append(str(error.stack)))
    yield page
    page.close()
    assert not [stack for stack in raised if "blob:" in stack]


@pytest.fixture
def widget(page: Page, server: Server) -> Widget:
    page.goto(server.url)
    return Widget(page.locator(".fabric-widget")).wait(phase="idle", round=-1)


def test_rounds_votes_and_tools_work_and_no_cell_is_seen(widget: Widget) -> None:
    first = widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    assert not {*first} & {*widget.generate(1)}
    widget.expect_tools()
    expect(widget.page.get_by_text("FabricWidget(")).to_have_count(0)
    # The picture for readers without a kernel stays out of sight where there is one.
    expect(widget.page.locator(".fabric-widget-static:visible")).to_have_count(0)


def test_the_page_is_as_light_as_it_says(widget: Widget) -> None:
    widget.wait(theme="light")
    assert brightness(widget) > 200

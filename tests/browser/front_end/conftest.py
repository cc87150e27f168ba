"""The harness page, served from this machine, with the built front end in it."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ready
from tests.browser.front_end.widget_page import Host, WidgetPage, library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FOLDERS = {"/static/": ROOT / "fabric_widget/static", "/": HERE}


class _Handler(SimpleHTTPRequestHandler):
    """Serves the built front end under /static/ and the harness beside it, silently.

    What stands after the question mark is the page's content security policy.
    """

    def end_headers(self) -> None:
        policy = unquote(urlsplit(self.path).query)
        if policy:
            self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def translate_path(self, path: str) -> str:
        asked = urlsplit(path).path
        for prefix, folder in FOLDERS.items():
            if asked.startswith(prefix):
                return str(folder / Path(asked.removeprefix(prefix)).name)
        raise AssertionError(path)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Serve the harness; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler)) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """Open one window for all pages: one for each would cost the average test a third more."""
    with browser.new_context(**browser_context_args) as opened:
        opened.new_page()  # keeps the process alive, and with it what was compiled
        yield opened


@pytest.fixture
def own_window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """Open a window for this test alone, which sets its clock or its permissions."""
    with browser.new_context(**browser_context_args) as opened:
        yield opened


@pytest.fixture
def page(window: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page; it leaves nothing to the next one."""
    alone = "own_window" in request.fixturenames
    opened = (request.getfixturevalue("own_window") if alone else window).new_page()
    yield opened
    if opened.url.startswith("http") and not alone:
        opened.evaluate("() => localStorage.clear()")
    opened.close()


@pytest.fixture
def open_widget(page: Page, server: str) -> Iterator[Opener]:
    """Give a function that shows the widget; afterwards nothing may have gone wrong in the page."""
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None,
    )
    forbidden = "Content Security Policy"  # the browser tells of what a test's policy forbids

    def opened(
        traits: Json | None = None,
        *,
        host: Host = Host(),  # noqa: B008 - frozen
        views: int = 1,
        hold: tuple[str, ...] = (),
        script: str = "widget",
        looks: Json | None = None,
        lenses: Json | None = None,
        policy: str = "",
    ) -> WidgetPage:
        page.goto(f"{server}/harness.html?{quote(policy)}")
        expect(page.locator("html")).to_have_attribute("data-harness", "ready")
        options = {
            "shape": host.shape,
            "buffers": host.buffers,
            "shadow": host.shadow,
            "library": library(),
            "lenses": lenses or {},
            "views": views,
            "hold": hold,
            "script": script,
            "looks": looks or {},
        }
        page.evaluate("([t, o]) => harness.open(t, o)", [traits or ready(), options])
        roots = page.locator(".fabric-widget")
        expect(roots).to_have_count(views)
        return WidgetPage(page, roots.first)

    yield opened
    assert [said for said in wrong if forbidden not in said] == []

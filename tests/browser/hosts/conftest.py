"""Servers, kernels and pages for the tests of real notebook hosts.

One server of each kind and one kernel of each version serve all tests of a process: importing torch
once takes longer than any of them, so tests/conftest.py keeps those of one kernel together. Every
test has its own notebook, page and widgets.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import ViewportSize

import fabric_widget

from .notebook import IMPORT, PATIENCE, Notebook
from .servers import KERNELS, Jupyter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

WINDOW = ViewportSize(width=1280, height=900)
SCREENSHOTS = Path(fabric_widget.__file__).parents[1] / "out" / "screenshots" / "hosts"
FAILED = pytest.StashKey[bool]()
# Every run tries both hosts and both kernels; these pairs of them are left to the long run.
LONG_RUN = {("lab", "ipykernel-6"), ("notebook", "ipykernel-7")}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is left to the long run."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if (parameters.get("server"), parameters.get("kernel")) in LONG_RUN:
            item.add_marker("soak")


def file_name(test: pytest.Item) -> str:
    """Give the test's name as that of a file."""
    return re.sub(r"\W+", "-", test.name).strip("-")


@pytest.fixture(scope="session", params=["lab", "notebook"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jupyter]:
    with Jupyter(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture(scope="session", params=list(KERNELS))
def kernel(request: pytest.FixtureRequest, server: Jupyter) -> str:
    """Start a kernel of this version; give its id."""
    return str(server.ask("POST", "kernels", {"name": request.param})["id"])


@pytest.fixture
def version(request: pytest.FixtureRequest) -> str:
    """Give the major version of the kernel."""
    return str(request.node.callspec.params["kernel"]).removeprefix("ipykernel-")


@pytest.fixture(scope="session")
def context(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """Open one window for all notebooks, so that it keeps the host's own files."""
    with browser.new_context(**browser_context_args | {"viewport": WINDOW}) as window:
        window.new_page()  # keeps the process alive, and with it what was compiled
        yield window


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember on the test that it failed, for its fixtures."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page where the widget must not raise and nothing may ask another machine."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    raised: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: raised.append(str(error.stack)))
    page.on("request", lambda request: asked.append(request.url))
    # "Leave this page?" for a notebook that is not saved: yes.
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    if request.node.stash.get(FAILED, False):
        page.screenshot(path=SCREENSHOTS / f"failed-{file_name(request.node)}.png")
    page.close()
    # The widget's module comes from a blob; what the notebook's own code raises is not ours.
    assert not [stack for stack in raised if "blob:" in stack]
    assert not [
        url for url in asked if not re.match(r"(http://127\.0\.0\.1:\d+/|data:|blob:)", url)
    ]


@pytest.fixture
def notebook(
    page: Page, server: Jupyter, kernel: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook and run it; close its widgets afterwards: the kernel serves others too."""
    book = Notebook(page, server, f"{file_name(request.node)}.ipynb", kernel)

    def opened(*cells: str) -> Notebook:
        return book.write(IMPORT, *cells).open().run()

    yield opened
    if not request.node.stash.get(FAILED, False):
        book.evaluate("__import__('ipywidgets').Widget.close_all()")

"""A real browser for the tests below this folder: the machine's Chromium, driven by Playwright.

Where there is none, every test here is skipped from the one place below, so that pytest's summary
tells it in one line with their number.
"""

import os
import shutil
from functools import cache
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # pages of one window share a process, and what it has compiled
)
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The headless shell first: it draws the same and is more than twice as fast."""


@cache
def chromium() -> str | None:
    """Say where Chromium is: what FABRIC_CHROMIUM names, else what is on the path."""
    named = os.environ.get("FABRIC_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    if chromium() is None:
        pytest.skip(
            "BROWSER TESTS SKIPPED: no Chromium found; install one (Debian: apt-get install "
            "chromium) or name it: FABRIC_CHROMIUM=/path/to/chromium"
        )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Stand still: without a graphics card a core draws every frame of an endless animation."""
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Have none: the plugin's own fixture of this name is a method, of which pytest 9 warns."""

"""How long a page takes to be loaded again with a widget in it, in a real browser.

The page has what a notebook would send of the widget, and times itself from the moment when it was
asked for until every picture that is to be seen is drawn.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fabric_widget

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
STATIC = Path(fabric_widget.__file__).parent / "static"
_PAGE = """<!doctype html><meta charset="utf-8"><style>%(css)s</style><main></main>
<script type="application/json" id="state">%(state)s</script>
<script type="text/plain" id="script">%(script)s</script>
<script type="module">
const text = (id) => document.getElementById(id).textContent;
const decoded = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const revive = (_, value) => (typeof value?.bytes === "string" ? decoded(value.bytes) : value);
const state = JSON.parse(text("state"), revive);
const model = { get: (name) => state[name], set: (name, value) => (state[name] = value),
  save_changes() {}, send() {}, on() {}, off() {} };
const script = new Blob([decoded(text("script"))], { type: "text/javascript" });
const widget = (await import(URL.createObjectURL(script))).default();
await widget.initialize?.({ model });
await widget.render({ model, el: document.querySelector("main") });
const seen = [...document.querySelectorAll("img")].filter((image) => image.src);
await Promise.all(seen.map((image) => image.decode().catch(() => {})));
requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.loaded = performance.now())));
</script>"""


def _told(value: Any) -> Any:  # noqa: ANN401  (JSON, but for bytes)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items()}
    return [_told(each) for each in value] if isinstance(value, (list, tuple)) else value


def reload_seconds(
    state: Mapping[str, Any], folder: Path, *, times: int = 5
) -> tuple[float, float]:
    """Return the seconds of a reload, and those that the page's thread worked for it; medians.

    The second does not depend on what else the machine does.

    Parameters
    ----------
    state
        Of a widget, as its `get_state` returns it.
    folder
        Where the page is written.
    times
        How often it is loaded again.
    """
    from playwright.sync_api import sync_playwright

    sent = {name: value for name, value in state.items() if not name.startswith("_")}
    sent.pop("layout", None)
    page = folder / "page.html"
    filled = {
        "css": (STATIC / "widget.css").read_text(encoding="utf-8"),
        "script": base64.b64encode((STATIC / "widget.js").read_bytes()).decode(),
        "state": json.dumps(_told(sent)).replace("</", "<\\/"),
    }
    page.write_text(_PAGE % filled, encoding="utf-8")
    found, worked = [], []
    with sync_playwright() as playwright:
        named = os.environ.get("FABRIC_CHROMIUM")
        where = (
            shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
        )
        browser = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        tab = browser.new_page()
        tools = tab.context.new_cdp_session(tab)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.goto(page.as_uri())
        for _ in range(times):
            tab.reload()
            tab.wait_for_function("globalThis.loaded", timeout=120_000)
            found.append(tab.evaluate("globalThis.loaded") / 1000)
            told = tools.send("Performance.getMetrics")["metrics"]  # since the page was asked for
            worked += [each["value"] for each in told if each["name"] == "TaskDuration"]
        browser.close()
    return statistics.median(found), statistics.median(worked)

"""The built front end: small, complete in itself, and free of traces of where it was built.

That it equals its sources is checked by `npm run verify`, which `make test` runs.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]
STATIC = ROOT / "fabric_widget" / "static"
LIMITS = {
    "widget.js": (75_000, 25_000),
    "widget.css": (27_000, 6_000),
    "widget-tools.js": (38_000, 16_000),  # with tastes that are kept: 4,000 and 2,000 of these
    "widget-tools.css": (6_000, 2_000),
    "playground.js": (40_000, 15_500),
    "playground.css": (20_000, 5_000),
}
"""The most bytes of each file, and compressed."""
WIDGETS = ("widget.js", "playground.js")
SCRIPTS = [name for name in LIMITS if name.endswith(".js")]


@pytest.mark.parametrize("name", LIMITS)
def test_the_files_stay_within_their_sizes(name: str) -> None:
    # The script is part of every widget's first message, once per widget.
    data = (STATIC / name).read_bytes()
    most, most_compressed = LIMITS[name]
    assert 0 < len(data) <= most
    assert len(gzip.compress(data)) <= most_compressed


@pytest.mark.parametrize("name", LIMITS)
def test_the_files_point_to_nothing_outside_themselves(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert "sourceMappingURL" not in text
    assert not re.findall(r"@import|url\(\s*[\"']?(?!data:|#)", text)
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_module_that_imports_nothing(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert not re.findall(r"\bimport\s*[\"'{*\w]|\bfrom\s*[\"']|\brequire\s*\(", text)
    # The tools come from the kernel as text: imported from a URL of the page's own, or of the data.
    imports = re.findall(r"\bimport\(([^)]*)", text)
    assert all(re.match(r"\w+$|`data:text/javascript,\$\{", one) for one in imports), imports
    assert len(imports) == (2 if name == "widget.js" else 0)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_exports_what_anywidget_loads(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert re.search(r"\bexport\s*(default\b|\{[^}]*\bas default\b)", text)


def test_the_tools_are_what_the_widget_asks_for() -> None:
    text = (STATIC / "widget-tools.js").read_text(encoding="utf-8")
    (exported,) = re.findall(r"\bexport\s*\{([^}]*)\}", text)
    names = {one.split(" as ")[-1] for one in exported.split(",")}
    assert names == {
        "lensPart",
        "comparePart",
        "feedbackSettingsPart",
        "helpPart",
        "keepTastePart",
        "openSessionPart",
        "partEditor",
        "stylesPart",
    }
    first = (STATIC / "widget.js").read_text(encoding="utf-8")
    assert all(f".{name}(" in first for name in names)


def test_the_built_files_are_the_only_ones() -> None:
    assert {path.name for path in STATIC.iterdir()} == set(LIMITS)


def test_the_lock_file_names_no_registry() -> None:
    # Packages are found by name and checked by digest, from whatever registry a machine uses.
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)

"""The ranges of dependencies begin where the package was tried: with the releases of a file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]


def pins(age: str) -> dict[str, str]:
    text = (ROOT / "tests" / "versions" / f"{age}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==([\w.]+)$", text, re.MULTILINE))


def test_the_least_versions_are_the_oldest_that_were_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = "\n".join(project["dependencies"])
    least = dict(re.findall(r"^([\w-]+)>=([\d.]+)$", ranges, re.MULTILINE))
    assert len(least) == len(project["dependencies"])
    oldest = pins("oldest")
    del oldest["peft"]  # for the tests alone
    assert {name: f"{oldest.get(name)}.0".startswith(f"{at}.") for name, at in least.items()} == (
        dict.fromkeys(oldest, True)
    )


def test_the_newest_torch_is_named() -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (developed,) = re.findall(r"^torch==([\d.]+)$", pinned, re.MULTILINE)
    newest = pins("newest")["torch"]
    assert [int(n) for n in newest.split(".")] >= [int(n) for n in developed.split(".")]

"""Files and folders stay small, and every package lists its files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]
SOURCES = [
    path
    for room in ("fabric_widget", "tests", "docs", "notebooks")
    for path in sorted((ROOT / room).rglob("*.py"))
]
FOLDERS = [
    folder
    for top in ("fabric_widget", "js/src")
    for folder in [ROOT / top, *sorted((ROOT / top).rglob("*"))]
    if folder.is_dir() and folder.name != "__pycache__"
]
ROOMS = sorted((ROOT / "fabric_widget").rglob("__init__.py"))
MOST_LINES = 350
MOST_FILES = 14
CORE = (
    "fabric.py",
    "attention/core.py",
    "attention/site.py",
    "pipeline/denoiser.py",
    "references/lender.py",
)
CORE_LINES = 900


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_python_file_is_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines(path) for path in SOURCES if lines(path) > MOST_LINES
    }
    assert not long


def test_no_folder_is_crowded() -> None:
    counts = {str(f.relative_to(ROOT)): sum(p.is_file() for p in f.iterdir()) for f in FOLDERS}
    assert counts["fabric_widget/engine"] > 1
    assert not {name: count for name, count in counts.items() if count > MOST_FILES}


def test_the_core_is_short_enough_to_read_beside_the_paper() -> None:
    assert sum(lines(ROOT / "fabric_widget/engine" / name) for name in CORE) <= CORE_LINES


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.parent.name)
def test_a_room_says_what_it_is_for_and_lists_its_files(room: Path) -> None:
    about = ast.get_docstring(ast.parse(room.read_text(encoding="utf-8"))) or ""
    assert about.partition("\n")[0].endswith((".", "!", "?"))
    listed = {line.split()[0].rstrip("/") for line in about.splitlines() if "  " in line.strip()}
    there = {
        path.stem
        for path in room.parent.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file())
        and path.stem not in {"__init__", "__main__", "__pycache__"}
    }
    assert there <= listed, there - listed

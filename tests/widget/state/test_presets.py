"""Presets: built in and saved; nothing that a person saved is ever lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.engine import Schedule
from fabric_widget.widget.state.presets import Presets
from fabric_widget.widget.state.settings import SHAPE, Controls

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {"strength": 1.0, "start": 0.1, "end": 0.5, "dislike_scale": 0.0, "normalize": False}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "presets.json"


def test_the_built_in_ones_are_schedules_and_say_what_they_do(file: Path) -> None:
    presets = Presets(file)
    for preset in presets.listed():
        assert preset["builtin"]
        assert preset["note"].endswith(".")
        assert tuple(preset["values"]) == SHAPE
    assert Controls(**presets.values("Balanced")).schedule() == Schedule()
    assert not file.exists()


def test_saved_ones_are_there_in_the_next_notebook(file: Path) -> None:
    one, other = Presets(file), Presets(file)
    assert one.save("mine", VALUES) == "mine"
    other.save("theirs", VALUES | {"strength": 2.0})
    assert Presets(file).values("mine") == VALUES
    assert Presets(file).values("theirs")["strength"] == 2.0
    one.delete("mine")
    assert [p["name"] for p in Presets(file).listed() if not p["builtin"]] == ["theirs"]
    assert [path.name for path in file.parent.iterdir()] == ["presets.json"]


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "Balanced", "a\x00b"])
def test_names_that_cannot_be_are_refused(file: Path, name: str) -> None:
    with pytest.raises(ValueError, match="give another"):
        Presets(file).save(name, VALUES)
    assert not file.exists()


@pytest.mark.parametrize("values", [{}, VALUES | {"strength": "x"}, {"strength": 1}])
def test_values_that_cannot_be_are_refused(file: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"preset|strength"):
        Presets(file).save("mine", values)
    assert not file.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"mine": 3}', "\x00", "[" * 100_000], ids=range(6)
)
def test_a_broken_file_is_put_aside_whole(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    presets = Presets(file)
    assert "presets.broken.json" in presets.problem
    assert (file.parent / "presets.broken.json").read_text() == text
    presets.save("mine", VALUES)
    assert Presets(file).values("mine") == VALUES
    file.write_text(text)
    assert "presets.broken-2.json" in Presets(file).problem


def test_what_is_good_in_a_broken_file_is_used(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"good": VALUES, "bad": {"strength": 1}}))
    presets = Presets(file)
    assert presets.values("good") == VALUES
    assert "bad" in presets.problem
    assert Presets(file).problem == ""


def test_a_file_that_cannot_be_written_leaves_the_presets_as_they_were(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    presets = Presets(tmp_path / "ok.json")
    presets.file = blocked / "presets.json"
    before = presets.listed()
    with pytest.raises(OSError, match="file"):
        presets.save("mine", VALUES)
    assert presets.listed() == before

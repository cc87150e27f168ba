"""Damaged journals give the longest part that can be trusted, or an error that says what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.session import Session, SessionFileError
from fabric_widget.session.journal import Autosave, Journal, Store
from fabric_widget.session.journal.entries import line_of, read_lines
from fabric_widget.session.journal.pictures import Pictures
from fabric_widget.session.journal.replay import replay
from tests.session.conftest import RecordingFabric
from tests.session.journal.told import states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a session with acts of every kind."""
    fabric: Any = RecordingFabric()
    session = Session(fabric, seed=3)
    journal = Journal(Store(Autosave(tmp_path_factory.mktemp("sessions"))), threads=False)
    journal.attach(session)
    first = session.generate("a ✓", num_images=2)
    session.like(first[0], aspect="colors", part=(0, 0, 1, 2))
    session.like(Image.new("RGB", (3, 2), "red"), 0.5)
    second = session.generate(num_images=2)
    session.star(second[1])
    session.undo()
    session.undo()
    session.redo()
    session.dislike(second[0])
    session.branch(0)
    assert journal.finish()
    assert journal.folder is not None
    return journal.folder


@pytest.fixture(scope="module")
def content(folder: Path) -> bytes:
    return (folder / "journal.jsonl").read_bytes()


@pytest.fixture(scope="module")
def parts(folder: Path, content: bytes) -> dict[int, Any]:
    """Return what the journal tells up to the end of each of its lines."""
    told = {}
    for line in read_lines(content):
        (folder / "journal.jsonl").write_bytes(content[: line.end])
        told[line.end] = states(replay(folder, Pictures(folder)).history)
    return told


def bytes_changed(content: bytes, data: st.DataObject) -> bytes:
    """Return a journal in which a stretch of bytes, or of lines, is another one."""
    unit = data.draw(st.sampled_from(["bytes", "lines"]))
    pieces: Any = content if unit == "bytes" else content.splitlines(keepends=True)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(pieces))] * 2)))
    if unit == "bytes":
        last = min(last, first + data.draw(st.sampled_from([0, 1, 8, len(pieces)])))
        put = data.draw(st.binary(max_size=8) | st.just(pieces[first:last] * 2))
        return bytes(pieces[:first] + put + pieces[last:])
    put = data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    return b"".join([*pieces[:first], *put, *pieces[last:]])


def check_bytes(folder: Path, content: bytes, parts: dict[int, Any], data: st.DataObject) -> None:
    changed = bytes_changed(content, data)
    (folder / "journal.jsonl").write_bytes(changed)
    if not changed.startswith(content[: min(parts)]):
        with pytest.raises(ValueError, match="delete the folder"):
            replay(folder, Pictures(folder))
        return
    found = replay(folder, Pictures(folder))
    assert states(found.history) == parts[found.end]
    same = next((i for i, (a, b) in enumerate(zip(changed, content, strict=False)) if a != b), None)
    whole = min(len(changed), len(content)) if same is None else same
    assert found.end == max(end for end in parts if end <= whole)  # the longest
    assert bool(found.damage) is (b"\n" in changed[found.end :])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def spoilt(entry: Any, data: st.DataObject) -> Any:
    """Return JSON in which one value, however deep, is another one or is gone."""
    if isinstance(entry, (dict, list)) and entry and data.draw(st.integers(0, 3)):
        keys = sorted(entry) if isinstance(entry, dict) else list(range(len(entry)))
        key = data.draw(st.sampled_from(keys))
        copy = entry.copy()
        if data.draw(st.integers(0, 4)):
            copy[key] = spoilt(copy[key], data)
        else:
            del copy[key]
        return copy
    return data.draw(_JSON)


def check_entries(folder: Path, content: bytes, data: st.DataObject) -> None:
    entries = [line.entry for line in read_lines(content)]
    at = data.draw(st.integers(0, len(entries) - 1))
    changed = spoilt(entries[at], data)
    entries[at] = changed if isinstance(changed, dict) else {"": changed}
    total, written = 0, b""
    for entry in entries:
        line, total = line_of(entry, total)
        written += line
    (folder / "journal.jsonl").write_bytes(written)
    try:
        found = replay(folder, Pictures(folder))
    except ValueError:
        assert not at  # only the first line is needed
        return
    assert found.end == len(written) or found.damage
    fabric: Any = RecordingFabric()
    Session(fabric).restore(found.history)


def longest(count: int) -> Callable[[Any], Any]:
    return settings(max_examples=count, derandomize=count < 10_000)


@pytest.mark.parametrize("count", [500, pytest.param(12_000, marks=pytest.mark.soak)])
def test_changed_bytes(count: int, folder: Path, content: bytes, parts: Any) -> None:
    longest(count)(given(st.data())(lambda data: check_bytes(folder, content, parts, data)))()


@pytest.mark.parametrize("count", [400, pytest.param(8000, marks=pytest.mark.soak)])
def test_changed_entries_with_sums_that_fit(count: int, folder: Path, content: bytes) -> None:
    longest(count)(given(st.data())(lambda data: check_entries(folder, content, data)))()


@pytest.mark.parametrize("ending", ["png", "safetensors"])
@pytest.mark.parametrize("damage", [b"", b"nothing", None])
def test_a_picture_that_is_gone_ends_it_and_a_damaged_one_says_so(
    folder: Path, content: bytes, ending: str, damage: bytes | None
) -> None:
    (folder / "journal.jsonl").write_bytes(content)
    whole = replay(folder, Pictures(folder)).history.present
    path = folder / f"{whole.turns[1].round[0].id}.{ending}"
    kept = path.read_bytes()
    path.write_bytes(damage or b"")
    if damage is None:
        path.unlink()
    try:
        found = replay(folder, Pictures(folder))
        turns = found.history.present.turns
        if damage is None:
            assert len(turns) == 1
            assert "line 5" in found.damage
            return
        with pytest.raises(SessionFileError, match=path.name):
            turns[1].round[0].latents, turns[1].round[0].image.load()
    finally:
        path.write_bytes(kept)


def test_a_deep_entry_is_no_crash(folder: Path, content: bytes) -> None:
    (folder / "journal.jsonl").write_bytes(content)
    end = replay(folder, Pictures(folder)).end
    deep = b'{"sum":"00000000","entry":{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}}\n"
    (folder / "journal.jsonl").write_bytes(content + deep)
    assert replay(folder, Pictures(folder)).end == end


def test_a_newer_journal_says_so(folder: Path) -> None:
    line, _ = line_of({"journal": {"format": 99, "begun": 0}}, 0)
    (folder / "journal.jsonl").write_bytes(line)
    with pytest.raises(ValueError, match="update the package"):
        replay(folder, Pictures(folder))
    assert json.loads(line)["entry"]["journal"]["format"] == 99

"""The user's folder: documents that are whole or not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabric_widget import user_folder

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(user_folder.HOME, str(tmp_path / "home"))
    return tmp_path / "home"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_what_was_written_is_read(content: Any) -> None:
    place = user_folder.write("things", "one", content)
    assert user_folder.read("things", "one") == content
    assert place == user_folder.place_of("things", "one")
    assert user_folder.read("things", "another") is None
    assert user_folder.read("others", "one") is None


def test_it_is_where_the_system_keeps_a_users_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(user_folder.HOME)
    folder = platformdirs.user_data_path("fabric_widget")
    assert user_folder.place_of("things", "one") == folder / "things" / "one.json"


def test_a_document_that_fails_leaves_the_one_before_it(home: Path) -> None:
    user_folder.write("things", "one", [1])
    with pytest.raises(TypeError, match="not JSON serializable"):
        user_folder.write("things", "one", [1, object()])
    assert user_folder.read("things", "one") == [1]
    assert [path.name for path in (home / "things").iterdir()] == ["one.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_document_is_no_missing_one(damage: bytes) -> None:
    place = user_folder.write("things", "one", [1])
    place.write_bytes(damage)
    with pytest.raises(user_folder.Unreadable):
        user_folder.read("things", "one")


def test_a_file_in_the_place_of_the_folder(home: Path) -> None:
    home.write_text(json.dumps([1]), encoding="utf-8")
    assert user_folder.read("things", "one") is None
    with pytest.raises(OSError, match="home"):
        user_folder.write("things", "one", [1])


def test_a_folder_in_the_place_of_a_document() -> None:
    user_folder.place_of("things", "one").mkdir(parents=True)
    with pytest.raises(user_folder.Unreadable):
        user_folder.read("things", "one")
    with pytest.raises(OSError, match="one"):
        user_folder.write("things", "one", [1])

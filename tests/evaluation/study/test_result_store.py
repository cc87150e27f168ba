"""The folder: whole files only, one configuration only, nothing lost."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.study import result_store as module
from fabric_widget.evaluation.study.result_store import OtherConfiguration, ResultStore, differences
from fabric_widget.evaluation.study.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTINGS = Settings(scorers=("luminance",), features="reader")
KEYS = [(0, "none"), (0, "my.module:method"), (1, "none")]


def test_what_was_put_is_read_in_order_and_no_longer_missing(tmp_path: Path) -> None:
    folder = ResultStore(tmp_path / "new", SETTINGS)
    assert folder.missing(KEYS) == KEYS
    folder.put(KEYS[2], {"n": 2})
    folder.put(KEYS[1], {"n": 1})
    again = ResultStore(tmp_path / "new", SETTINGS)
    assert again.missing(KEYS) == [KEYS[0]]
    assert again.read(KEYS) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, number: int
) -> None:
    folder = ResultStore(tmp_path, SETTINGS)
    folder.put(KEYS[0], {"kept": True})

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, moment, fails)
        with pytest.raises(OSError, match=r"no room for|Input/output") as caught:
            folder.put(KEYS[2], {"lost": True})
        with pytest.raises(OSError, match=r"no room for|Input/output"):
            folder.put(KEYS[0], {"overwritten": True})
    assert caught.value.errno == number
    assert folder.missing(KEYS) == KEYS[1:]
    assert folder.read(KEYS) == [{"kept": True}]
    assert not list(tmp_path.rglob("*.part"))
    folder.put(KEYS[2], {"now": True})
    assert folder.missing(KEYS) == [KEYS[1]]


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ResultStore(tmp_path, SETTINGS)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        OSError, match=r"no room for .*000000-none.json: make some and run the same"
    ):
        folder.put(KEYS[0], {})


def test_what_a_killed_process_left_is_no_result_and_goes_away(tmp_path: Path) -> None:
    folder = ResultStore(tmp_path, SETTINGS)
    left = tmp_path / "trials" / ".000000-none.json.abc.part"
    left.write_text('{"half', encoding="utf-8")
    assert folder.missing(KEYS) == KEYS
    folder.put(KEYS[0], {})
    assert not left.exists()


def test_bytes_reach_the_disk_before_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ResultStore(tmp_path, SETTINGS)
    order: list[str] = []

    def noted(name: str, act: Callable[..., None]) -> Callable[..., None]:
        def noting(*given: Any) -> None:
            order.append(name)
            act(*given)

        return noting

    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", noted("replace", os.replace))
    folder.put(KEYS[0], {})
    assert order == ["fsync", "replace", "fsync"]


def test_another_configuration_is_refused_and_named(tmp_path: Path) -> None:
    ResultStore(tmp_path, SETTINGS)
    other = replace(SETTINGS, seed=7, arguments={"num_inference_steps": 3})
    with pytest.raises(OtherConfiguration) as caught:
        ResultStore(tmp_path, other)
    message = str(caught.value)
    assert "seed (0 there, 7 now)" in message
    assert "arguments.num_inference_steps (null there, 3 now)" in message
    assert "rounds" not in message
    assert "give another folder" in message


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ResultStore(tmp_path, SETTINGS)
    monkeypatch.setattr(module, "_FORMAT", 2)
    with pytest.raises(OtherConfiguration, match=r"format \(1 there, 2 now\)"):
        ResultStore(tmp_path, SETTINGS)


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="holds other files and no results"):
        ResultStore(tmp_path, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_differences_are_named_one_by_one() -> None:
    assert differences({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}}) == [
        "b.d (3 there, 4 now)"
    ]
    assert differences({"a": 1}, {"a": 1}) == []

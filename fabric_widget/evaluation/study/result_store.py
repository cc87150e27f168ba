"""A folder of results: the configuration, and one file for each finished trial.

Writes are atomic: a file is written under a temporary name, synced to disk, and then renamed.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fabric_widget.evaluation.study.settings import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fabric_widget.evaluation.study.settings import Settings

    Key = tuple[int, str]
    """Number of a case and name of a method."""

_CONFIGURATION = "configuration.json"
_TRIALS = "trials"
_FORMAT = 1
_FULL = (errno.ENOSPC, errno.EDQUOT)


class OtherConfiguration(ValueError):  # noqa: N818  (public name: it says what is the matter)
    """The folder has results of another configuration."""


class ResultStore:
    """Results of one configuration.

    Parameters
    ----------
    path
        Folder of the results; made if it does not exist.
    settings
        The configuration.

    Raises
    ------
    OtherConfiguration
        The folder has results of another configuration; the message names what differs.
    FileExistsError
        The folder has other files and no results.
    OSError
        It cannot be written.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        identity = json.loads(json.dumps(settings.identity()))
        configuration = path / _CONFIGURATION
        if configuration.is_file():
            _check_same(path, json.loads(configuration.read_text(encoding="utf-8")), identity)
        elif path.exists() and any(path.iterdir()):
            message = f"{path} holds other files and no results: give a new or an empty folder"
            raise FileExistsError(message)
        else:
            (path / _TRIALS).mkdir(parents=True, exist_ok=True)
            content = {"format": _FORMAT, "digest": digest(identity), "settings": identity}
            self.write(_CONFIGURATION, json.dumps(content, indent=1, ensure_ascii=False))
        (path / _TRIALS).mkdir(exist_ok=True)

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Return the trials that are not finished."""
        return [key for key in keys if not self._path_of(key).is_file()]

    def put(self, key: Key, record: Mapping[str, Any]) -> None:
        """Store a finished trial.

        Raises
        ------
        OSError
            It cannot be written; trials stored before are still there.
        """
        path = self._path_of(key)
        self.write(path.relative_to(self.path).as_posix(), json.dumps(record, ensure_ascii=False))

    def read(self, keys: Iterable[Key]) -> list[dict[str, Any]]:
        """Return the records of finished trials, in the order of the keys."""
        paths = [self._path_of(key) for key in keys]
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file()]

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the folder atomically and return its path.

        Raises
        ------
        OSError
            It cannot be written; its former content is still there.
        """
        path = self.path / name
        data = content.encode() if isinstance(content, str) else content
        for leftover in path.parent.glob(f".{path.name}.*.part"):  # of a killed process
            leftover.unlink(missing_ok=True)
        descriptor, partial = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)  # noqa: PTH105  (a name, not a Path)
            _sync_folder(path.parent)
        except OSError as error:
            if error.errno in _FULL:
                message = f"no room for {path}: make some and run the same again"
                raise OSError(error.errno, message) from error
            raise
        finally:
            with suppress(FileNotFoundError):
                os.unlink(partial)  # noqa: PTH108
        return path

    def _path_of(self, key: Key) -> Path:
        index, method = key
        return self.path / _TRIALS / f"{index:06d}-{quote(method, safe='')}.json"


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return the entries in which two configurations differ, also in nested mappings."""
    found = []
    for name in sorted({*there, *wanted}):
        a, b = there.get(name), wanted.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            found += [f"{name}.{inner}" for inner in differences(a, b)]
        elif a != b:
            found.append(f"{name} ({_shown(a)} there, {_shown(b)} now)")
    return found


def _check_same(path: Path, content: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    found = differences(content.get("settings", {}), wanted)
    if content.get("format") != _FORMAT:
        found.insert(0, f"format ({_shown(content.get('format'))} there, {_FORMAT} now)")
    if found:
        message = (
            f"{path} has results of another configuration, which are not mixed; it differs in "
            f"{', '.join(found)}: give another folder"
        )
        raise OtherConfiguration(message)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk, where the system supports it."""
    with suppress(PermissionError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

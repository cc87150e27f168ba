"""Which export a name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget.session.exports.code import write_code
from fabric_widget.session.exports.page import write_page
from fabric_widget.session.exports.pictures import METADATA, pictures_of
from fabric_widget.whole_files import written_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from fabric_widget.session.files import Saved

KINDS = ("page", "pictures", "code")
_BY_SUFFIX = {".html": "page", ".htm": "page", ".py": "code", "": "pictures"}


def export(saved: Saved, place: str | os.PathLike[str], kind: str | None = None) -> list[Path]:
    """Write a session for people who have no kernel; see `Session.export`."""
    path = Path(place)
    kind = kind or _BY_SUFFIX.get(path.suffix.lower())
    if kind not in KINDS:
        message = (
            f"{path} is to be {kind or path.suffix!r}: give a name that ends in .html or .py, a "
            f"folder, or kind as one of {', '.join(map(repr, KINDS))}"
        )
        raise ValueError(message)
    if not saved.present.turns:
        message = "the session has no round yet: make one first"
        raise ValueError(message)
    if kind == "pictures":
        return _write_folder(path, pictures_of(saved.present))
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "page":
        _replace(path, write_page(saved.present).encode("utf-8", "replace"))
        return [path]
    beside = path.with_name(f"{path.stem}_files")
    text, files = write_code(saved, beside.name)
    written = _write_folder(beside, files.items()) if files else []
    _replace(path, text.encode())
    return [path, *written]


def _write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[Path]:
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder):
        message = f"{folder} holds other files: give a new or an empty folder"
        raise FileExistsError(message)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files:
        _replace(folder / name, content)
        paths.append(folder / name)
    return paths


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is an earlier export, which is brought up to date."""
    return (folder / METADATA).is_file() or folder.name.endswith("_files")


def _replace(path: Path, content: bytes) -> None:
    with written_whole(path) as partial:
        partial.write_bytes(content)

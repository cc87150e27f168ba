"""Write a session into a file or a folder, so that there is always the old one or the new one."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.as_json.records import votes_as_json
from fabric_widget.session.files.index import as_json
from fabric_widget.session.files.pictures import (
    encode,
    facts_of,
    png_name,
    tensors_as_bytes,
    tensors_name,
)
from fabric_widget.session.files.png_text import (
    PictureSettings,
    has_text,
    text_of,
    with_text,
)
from fabric_widget.session.files.saved import Saved
from fabric_widget.session.files.source import INDEX
from fabric_widget.session.files.stored import kept_of
from fabric_widget.session.files.turns import plain
from fabric_widget.whole_files import written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fabric_widget.session.files.pictures import Facts
    from fabric_widget.session.state import State, Turn
    from fabric_widget.session.votes import Picture

SUFFIX = ".fabric"
_PARTIAL = ".part"


def write(state: State, folder: str | os.PathLike[str]) -> None:
    """Write a state without undo and redo into a folder; errors are those of `save`."""
    _save_folder(Saved(state), Path(folder))


def save(saved: Saved, place: str | os.PathLike[str]) -> None:
    """Write a session into a file, if its name ends in .fabric, or else into a folder.

    Arguments of the pipeline that JSON cannot hold (prompt embeddings, images) are left out.

    Raises
    ------
    FileExistsError
        The folder holds something else, or there is a folder where the file is to be.
    SessionFileError
        A picture that was not read yet cannot be read any more.
    OSError
        It cannot be written. What was there before is still there.
    """
    root = Path(place)
    if root.suffix != SUFFIX:
        _save_folder(saved, root)
        return
    if root.is_dir():
        message = f"{root} is a folder: give another name, or one without {SUFFIX} for a folder"
        raise FileExistsError(message)
    save_file(saved, root)


def picture_files(picture: Picture, name: str, turn: Turn | None) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a picture with their names, as bytes.

    Parameters
    ----------
    picture
        The picture.
    name
        Its id.
    turn
        The round that made it, if that is known: its votes stand in the PNG.
    """
    for member, content in _members(picture, name, turn).items():
        yield member, content()


def png_of(picture: GeneratedImage, turn: Turn | None) -> bytes:
    """Return a generated image as PNG with its prompt, seed, settings and votes."""
    kept = kept_of(picture)
    png = encode(picture.image) if kept is None else kept.png
    if has_text(png):
        return png
    votes = () if turn is None else tuple(votes_as_json(turn.votes))
    made = PictureSettings(picture.prompt, picture.seed, plain(picture.settings), votes, picture.id)
    return with_text(png, text_of(made))


def _members(picture: Picture, name: str, turn: Turn | None) -> dict[str, Callable[[], bytes]]:
    """Return how the files of a picture are made, by their names."""
    kept = kept_of(picture)
    if not isinstance(picture, GeneratedImage):
        return {png_name(name): lambda: encode(picture) if kept is None else kept.png}
    return {
        png_name(name): lambda: png_of(picture, turn),
        tensors_name(name): lambda: tensors_as_bytes(picture) if kept is None else kept.tensors,
    }


def _noted(pictures: Mapping[str, Picture]) -> dict[str, tuple[Picture, Facts]]:
    noted = {}
    for name, picture in pictures.items():
        kept = kept_of(picture)
        known = kept is not None and (kept.facts.pixels and kept.facts.passed is not None)
        facts = kept.facts if kept is not None and known else facts_of(picture)
        noted[name] = picture, facts
    return noted


def _makers(saved: Saved) -> dict[str, Turn]:
    """Return the round that made each picture."""
    return {image.id: turn for turn in saved.turns for image in turn.round}


def _index(saved: Saved, pictures: Mapping[str, Picture]) -> bytes:
    content = as_json(saved, _noted(pictures))
    try:
        return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a pair of UTF-16, which only escapes can say
        return json.dumps(content, indent=1, allow_nan=False).encode()


def _save_folder(saved: Saved, root: Path) -> None:
    if root.exists() and not (root / INDEX).is_file() and any(root.iterdir()):
        message = f"{root} holds other files and no session: give a new or an empty folder"
        raise FileExistsError(message)
    root.mkdir(parents=True, exist_ok=True)
    pictures, makers = saved.pictures, _makers(saved)
    for name, picture in pictures.items():
        for member, content in _members(picture, name, makers.get(name)).items():
            if not (root / member).exists():  # each is written once, under the picture's id
                _replace(root / member, content())
    _replace(root / INDEX, _index(saved, pictures))


def save_file(saved: Saved, path: Path) -> None:
    """Write a session into a file of any name; errors are those of `save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures, makers = saved.pictures, _makers(saved)
    index = _index(saved, pictures)
    with written_whole(path) as partial:
        with partial.open("xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_entry(INDEX), index, zipfile.ZIP_DEFLATED)
                for name, picture in pictures.items():
                    for member, content in picture_files(picture, name, makers.get(name)):
                        archive.writestr(_entry(member), content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            partial.chmod(path.stat().st_mode)
        _give_up(pictures, path)
    _sync_folder(path.parent)


def _entry(member: str) -> zipfile.ZipInfo:
    """Return an entry without the time of writing: equal sessions are equal files."""
    entry = zipfile.ZipInfo(member)
    entry.external_attr = 0o644 << 16
    return entry


def _give_up(pictures: Mapping[str, Picture], path: Path) -> None:
    """Close the file where it is to be replaced and the system does not let open ones be."""
    if os.name != "nt":
        return
    for picture in pictures.values():
        kept = kept_of(picture)
        if kept is not None and kept.source.place.resolve() == path.resolve():
            kept.source.release()


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(_PARTIAL)
    partial.write_bytes(content)
    partial.replace(path)


def _sync_folder(folder: Path) -> None:
    """Write the folder's new entry to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Read a session from a file or a folder; pictures are read when somebody looks at them."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.as_json import typed
from fabric_widget.session.files import index
from fabric_widget.session.files.archive import Archive
from fabric_widget.session.files.document import NewerFormatError, parse
from fabric_widget.session.files.errors import (
    SessionFileError,
    SessionNotFoundError,
    missing,
    told,
    wrong,
)
from fabric_widget.session.files.pictures import (
    checked_id,
    facts_from_json,
    facts_from_png,
    png_name,
    tensors_name,
)
from fabric_widget.session.files.png_text import HEADER
from fabric_widget.session.files.source import INDEX, Folder
from fabric_widget.session.files.stored import Kept, kept_of, stored

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from fabric_widget.session.files.saved import Saved
    from fabric_widget.session.files.source import Source
    from fabric_widget.session.state import State
    from fabric_widget.session.votes import Picture


def read(place: str | os.PathLike[str]) -> State:
    """Return the state that a session was saved in; errors are those of `open_saved`."""
    return open_saved(place).present


def open_saved(
    place: str | os.PathLike[str],
    *,
    check: bool = False,
    on_picture: Callable[[int, int], object] | None = None,
) -> Saved:
    """Return a session that was saved in a file or a folder.

    Parameters
    ----------
    place
        The file, or the folder.
    check
        Whether every picture is read now. Otherwise each is read, and checked, when somebody looks
        at it; a `SessionFileError` then comes from there.
    on_picture
        Called with how many pictures were checked, and of how many.

    Raises
    ------
    SessionNotFoundError
        There is no session, or a file of it is missing.
    SessionFileError
        It is damaged, or was written by a newer version.
    """
    root = Path(place)
    source: Source = Folder(root) if root.is_dir() else Archive(root)
    if not source.has(INDEX):
        message = f"there is no session in {root}: give a file or a folder that Session.save wrote"
        raise SessionNotFoundError(message)
    try:
        with told(root, INDEX):
            saved = _read(source)
    except SessionFileError as error:
        if isinstance(error.__cause__, NewerFormatError):
            what = "it was written by a newer version of fabric_widget"
            raise wrong(root, INDEX, what, "update the package") from error
        raise
    if check:
        _check_pictures(saved, on_picture)
    return saved


def check(
    place: str | os.PathLike[str], *, on_picture: Callable[[int, int], object] | None = None
) -> None:
    """Read all of a session; parameters and errors are those of `open_saved`."""
    open_saved(place, check=True, on_picture=on_picture)


def _read(source: Source) -> Saved:
    content = parse(source.read(INDEX))
    generated = typed.mapping(content["generated"], "generated")
    uploads = typed.mapping(content.get("uploads", {}), "uploads")

    @functools.cache
    def picture(name: str) -> Picture:
        return stored_picture(source, checked_id(name), generated.get(name), uploads.get(name))

    return index.from_json(content, picture)


def stored_picture(
    source: Source,
    name: str,
    making: Mapping[str, Any] | None,
    upload: Mapping[str, Any] | None,
) -> Picture:
    """Return a picture that is read later.

    Parameters
    ----------
    source
        Has its files.
    name
        Its id.
    making
        Prompt, seed and settings of a generated image, with `Facts` as JSON; None for an upload.
    upload
        The `Facts` of an upload as JSON, if they were kept.

    Raises
    ------
    SessionFileError
        A file of it is missing.
    KeyError, ValueError
        What is told of it is something else.
    """
    for member in [png_name(name), tensors_name(name)] if making else [png_name(name)]:
        if not source.has(member):
            raise missing(source.place, member)
    noted = making if upload is None else upload
    if noted is not None and "size" in noted:
        facts = facts_from_json(noted)
    else:  # sessions of before sizes were kept
        with told(source.place, png_name(name)):
            facts = facts_from_png(source.head(png_name(name), HEADER))
    if making is None:
        return stored(Kept(source, name, replace(facts, pixels=name)), None)
    typed.text(making["prompt"], "a prompt")
    typed.whole(making["seed"], "a seed")
    typed.settings(making["settings"], "settings")
    return stored(Kept(source, name, facts), making)


def _check_pictures(saved: Saved, on_picture: Callable[[int, int], object] | None) -> None:
    """Read every picture without keeping it."""
    pictures = saved.pictures
    for done, picture in enumerate(pictures.values(), 1):
        kept = kept_of(picture)
        if kept is not None:
            kept.image()
            if isinstance(picture, GeneratedImage):
                kept.latents()
        if on_picture is not None:
            on_picture(done, len(pictures))

"""What is wrong with a saved session, and what to do about it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANOTHER_COPY = "open another copy of the session"


class SessionFileError(ValueError):
    """A saved session cannot be opened, or something in it cannot be read.

    The message names the session, the file in it, what is wrong and what to do.
    """


class SessionNotFoundError(SessionFileError, FileNotFoundError):
    """There is no session, or a file of it is missing."""


def wrong(place: Path, member: str, what: object, do: str = ANOTHER_COPY) -> SessionFileError:
    """Return the error for a session.

    Parameters
    ----------
    place
        The file or the folder.
    member
        Which file in it.
    what
        What is wrong with that.
    do
        What to do.
    """
    return SessionFileError(_message(place, member, what, do))


def missing(place: Path, member: str) -> SessionNotFoundError:
    """Return the error for a session that lacks one of its files."""
    return SessionNotFoundError(_message(place, member, "it is missing", ANOTHER_COPY))


@contextmanager
def told(place: Path, member: str) -> Iterator[None]:
    """Turn whatever is raised while a file of a session is read into a `SessionFileError`."""
    try:
        yield
    except SessionFileError:
        raise
    # Readers of pictures, tensors and JSON raise what they like on damaged files.
    except Exception as error:
        what = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise wrong(place, member, what) from error


def _message(place: Path, member: str, what: object, do: str) -> str:
    return f"the session in {place} is damaged or incomplete: {member}: {what}: {do}"

"""Where the files of a session are, to be read one by one: here a folder, in `archive` a zip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fabric_widget.session.files.errors import missing, wrong

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "session.json"
MOST_INDEX = 32 * 2**20  # bytes
MOST_MEMBER = 2**32


class Source(Protocol):
    """The files of a session.

    Attributes
    ----------
    place
        The file or the folder.
    """

    place: Path

    def has(self, member: str) -> bool:
        """Return whether there is a file of this name."""

    def read(self, member: str) -> bytes:
        """Return a file, or raise a `SessionFileError`."""

    def head(self, member: str, size: int) -> bytes:
        """Return the first bytes of a file, or raise a `SessionFileError`."""

    def release(self) -> None:
        """Let the file be replaced; it is opened again for the next read."""


class Folder:
    """A folder with the files of a session.

    Parameters
    ----------
    place
        The folder.
    """

    def __init__(self, place: Path) -> None:
        self.place = place

    def release(self) -> None:
        """Do nothing: no file stays open."""

    def has(self, member: str) -> bool:
        """Return whether there is a file of this name, and no link."""
        path = self.place / member
        return path.is_file() and not path.is_symlink()

    def read(self, member: str) -> bytes:
        """Return a file, or raise a `SessionFileError`."""
        return self.head(member, MOST_INDEX if member == INDEX else MOST_MEMBER, whole=True)

    def head(self, member: str, size: int, *, whole: bool = False) -> bytes:
        """Return the first bytes of a file, or raise a `SessionFileError`."""
        if not self.has(member):
            raise missing(self.place, member)
        path = self.place / member
        try:
            if whole and path.stat().st_size > size:
                raise wrong(self.place, member, f"it has more than {size} bytes")
            with path.open("rb") as file:
                return file.read() if whole else file.read(size)
        except OSError as error:
            raise wrong(self.place, member, error, "see that it can be read") from error

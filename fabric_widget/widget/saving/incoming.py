"""Incoming: one file that a page sends in pieces, in a temporary file until it is whole.

Notebook hosts limit a message, Jupyter to 10 MB by default, others to less. What the file holds is
left to whoever opens it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

PIECE = 393_216
"""Bytes of each piece but the last one."""
MOST_BYTES = 2 * 10**9
"""Of a file. Larger ones are opened where they lie."""
_SPARE = 64 * 2**20  # bytes that a disk keeps free
_LONGEST_NAME = 100
_AGAIN = "drop it again"


@dataclass
class _File:
    number: int
    name: str
    size: int
    path: Path
    descriptor: int
    received: int = 0

    @property
    def pieces(self) -> int:
        return -(-self.size // PIECE)

    @property
    def due(self) -> int:
        """Index of the piece that comes next."""
        return -(-self.received // PIECE)


class Incoming:
    """Takes a file in its pieces, one after the other; a new file takes the place of the last one.

    Whatever is wrong with a piece ends its file, and nothing of it stays on the disk.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._file: _File | None = None
        self._removal: weakref.finalize[..., Incoming] | None = None

    def begin(self, name: str, size: int) -> int:
        """Begin a file; return the number by which its pieces name it.

        Parameters
        ----------
        name
            As the person knows it; it names no place here.
        size
            In bytes.

        Raises
        ------
        ValueError
            It is empty or too large, or there is no room for it.
        OSError
            No temporary file can be made.
        """
        name = name[-_LONGEST_NAME:] or "the file"
        if size < 1:
            message = f"{name} is empty"
            raise ValueError(message)
        elsewhere = f'copy it to the machine of the kernel and call w.open("{name}")'
        if size > MOST_BYTES:
            message = (
                f"{name} has {size / 1e9:.1f} GB, and a page can send at most "
                f"{MOST_BYTES / 1e9:.0f} GB: {elsewhere}"
            )
            raise ValueError(message)
        folder = tempfile.gettempdir()
        if shutil.disk_usage(folder).free < size + _SPARE:
            message = f"there is no room for {name} in {folder}: make room, or {elsewhere}"
            raise ValueError(message)
        with self._lock:
            self._discard()
            self._count += 1
            descriptor, path = tempfile.mkstemp(prefix="fabric-widget-", suffix=".part")
            self._file = _File(self._count, name, size, Path(path), descriptor)
            self._removal = weakref.finalize(self, _removed, self._file)
            return self._count

    def take(self, number: int, index: int, piece: bytes) -> int:
        """Take a piece; return how many bytes there are.

        Raises
        ------
        ValueError
            It is of another file, is not the one that is due, or has another size than it can.
        OSError
            It cannot be written.
        """
        with self._lock:
            file = self._named(number)
            size = min(PIECE, file.size - file.received)
            try:
                if index != file.due:
                    message = (
                        f"{file.name} was not opened: piece {index + 1} of {file.pieces} came "
                        f"when {min(file.due + 1, file.pieces)} was due: {_AGAIN}"
                    )
                    raise ValueError(message)  # noqa: TRY301  (whatever is wrong ends the file)
                if len(piece) != size or not size:
                    message = (
                        f"{file.name} was not opened: piece {index + 1} has {len(piece)} bytes, "
                        f"and {size} were due: {_AGAIN}"
                    )
                    raise ValueError(message)  # noqa: TRY301
                _write(file.descriptor, piece)
            except (ValueError, OSError):
                self._discard()
                raise
            file.received += size
            return file.received

    def whole(self, number: int) -> tuple[Path, str]:
        """Return a file that is whole, and its name; whoever gets it deletes it.

        Raises
        ------
        ValueError
            It is another file, or pieces of it are missing.
        """
        with self._lock:
            file = self._named(number)
            if file.received != file.size:
                message = (
                    f"{file.name} was not opened: {file.due} of {file.pieces} pieces came: {_AGAIN}"
                )
                self._discard()
                raise ValueError(message)
            assert self._removal is not None  # noqa: S101  (it has a file)
            self._removal.detach()
            self._file = None
            os.close(file.descriptor)
            return file.path, file.name

    def cancel(self, number: int | None = None) -> None:
        """Let a file go, or whichever there is."""
        with self._lock:
            if self._file is not None and number in (None, self._file.number):
                self._discard()

    def _named(self, number: int) -> _File:
        if self._file is None or self._file.number != number:
            message = f"this file is not being sent any more: it was stopped, or another: {_AGAIN}"
            raise ValueError(message)
        return self._file

    def _discard(self) -> None:
        if self._removal is not None:
            self._removal()
        self._file = None


def _removed(file: _File) -> None:
    with contextlib.suppress(OSError):
        os.close(file.descriptor)
    file.path.unlink(missing_ok=True)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]

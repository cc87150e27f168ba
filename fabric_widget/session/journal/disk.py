"""Bytes that are on the disk when a function returns. Knows nothing of what they mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Windows would otherwise write other ends of lines.
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def put(path: Path, content: bytes) -> None:
    """Write a file as a whole, or not at all.

    Raises
    ------
    OSError
        It cannot be written; an earlier file is as it was.
    """
    partial = path.with_name(path.name + ".part")
    file = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | _BINARY, 0o600)
    try:
        try:
            write(file, content)
        finally:
            os.close(file)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)  # a full disk gets the room back
        raise


def open_to_append(path: Path, at: int) -> int:
    """Open a file that is written on from the byte `at`; what was there behind it is cut off.

    Returns
    -------
    int
        Its descriptor, to be closed with `os.close`.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    file = os.open(path, os.O_CREAT | os.O_RDWR | _BINARY, 0o600)
    try:
        cut(file, at)
    except OSError:
        os.close(file)
        raise
    return file


def cut(file: int, at: int) -> None:
    """Cut a file off at a byte, and go on from there."""
    os.ftruncate(file, at)
    os.lseek(file, at, os.SEEK_SET)


def write(file: int, content: bytes) -> None:
    """Write all of it, and wait until it is on the disk."""
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
    os.fsync(file)

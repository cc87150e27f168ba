"""The files of a session in a zip: the directory is read once, each file when it is asked for.

Whatever a zip may hold that a session does not is refused before anything is read: other names,
paths, links, the same name twice, members that overlap or grow beyond reason.
"""

from __future__ import annotations

import re
import stat
import struct
import threading
import weakref
import zipfile
import zlib
from typing import TYPE_CHECKING

from fabric_widget.session.files.errors import (
    SessionNotFoundError,
    missing,
    told,
    wrong,
)
from fabric_widget.session.files.source import INDEX, MOST_INDEX, MOST_MEMBER

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_MEMBER = re.compile(r"[0-9a-f]{8,64}\.(?:png|safetensors)")
_DIRECTORY = "its directory"
_MOST_DIRECTORY = 16 * 2**20  # bytes: some 150,000 files
_MOST_GROWTH = 20  # times: pictures and latents are packed already
_FREE_GROWTH = 2**20  # bytes that a small file may grow to all the same
_END = struct.Struct("<4s4H2IH")  # the end of a zip's directory
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = 20  # bytes, between the two
_LOCAL = struct.Struct("<4s22xHH")  # before each member: its name and more have these lengths


class Archive:
    """A .fabric file.

    It stays open, so that pictures can still be read after the file was replaced or deleted.

    Parameters
    ----------
    place
        The file.

    Raises
    ------
    SessionFileError
        It is not a session, or damaged.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._open()

    def release(self) -> None:
        """Let the file be replaced; it is opened again for the next read."""
        self._close()

    def has(self, member: str) -> bool:
        """Return whether there is a file of this name."""
        return member in self._members

    def read(self, member: str) -> bytes:
        """Return a file, or raise a `SessionFileError`."""
        info = self._info(member)
        with told(self.place, member):
            raw = self._raw(info, info.compress_size)
            if info.compress_type == zipfile.ZIP_DEFLATED:
                raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, info.file_size + 1)
            if len(raw) != info.file_size or zlib.crc32(raw) != info.CRC:
                message = "its bytes are not those that were saved"
                raise ValueError(message)
            return raw

    def head(self, member: str, size: int) -> bytes:
        """Return the first bytes of a file, or raise a `SessionFileError`."""
        info = self._info(member)
        with told(self.place, member):
            if info.compress_type == zipfile.ZIP_STORED:
                return self._raw(info, min(size, info.compress_size))
            raw = self._raw(info, min(info.compress_size, 2 * size + 64))
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size)

    def _open(self) -> None:
        try:
            self._file = self.place.open("rb")
        except FileNotFoundError as error:
            message = (
                f"there is no session {self.place}: give a file or a folder that Session.save wrote"
            )
            raise SessionNotFoundError(message) from error
        except OSError as error:
            raise wrong(self.place, _DIRECTORY, error, "see that it can be read") from error
        self._close = weakref.finalize(self, self._file.close)
        try:
            with told(self.place, _DIRECTORY):
                self._members = _members(self._file)
        except BaseException:
            self._close()
            raise

    def _info(self, member: str) -> zipfile.ZipInfo:
        if self._file.closed:
            self._open()
        if member not in self._members:
            raise missing(self.place, member)
        return self._members[member]

    def _raw(self, info: zipfile.ZipInfo, size: int) -> bytes:
        with self._lock:
            self._file.seek(info.header_offset)
            head = self._file.read(_LOCAL.size)
            signature, name, more = _LOCAL.unpack(head)
            if signature != b"PK\x03\x04":
                message = "it is not where the directory says"
                raise ValueError(message)
            self._file.seek(name + more, 1)
            return self._file.read(size)


def _members(file: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """Return the members of a zip by name, or raise a ValueError."""
    size = file.seek(0, 2)
    if _directory_size(file, size) > _MOST_DIRECTORY:
        message = f"it lists more files than a session has ({_MOST_DIRECTORY >> 20} MiB of names)"
        raise ValueError(message)
    with zipfile.ZipFile(file) as archive:
        listed = archive.infolist()
    members = {info.filename: info for info in listed}
    if len(members) != len(listed):
        message = "it has a name twice"
        raise ValueError(message)
    for info in listed:
        _check(info)
    ordered = sorted(listed, key=lambda info: info.header_offset)
    ends = [i.header_offset + _LOCAL.size + len(i.filename) + i.compress_size for i in ordered]
    starts = [info.header_offset for info in ordered[1:]] + [size]
    if any(end > start for end, start in zip(ends, starts)):  # noqa: B905  (an empty zip has none)
        message = "its files overlap, or end behind its end"
        raise ValueError(message)
    return members


def _directory_size(file: BinaryIO, size: int) -> int:
    """Return how many bytes the directory has, before anything else is read of it."""
    file.seek(max(size - _END.size, 0))
    end = file.read(_END.size)
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06") or end[-2:] != b"\0\0":
        message = "this is no .fabric file, or it was cut short"
        raise ValueError(message)
    told_size = int(_END.unpack(end)[5])
    large = size - _END.size - _LOCATOR_64 - _END_64.size
    if large >= 0:
        file.seek(large)
        end = file.read(_END_64.size)
        if end.startswith(b"PK\x06\x06"):
            told_size = max(int(_END_64.unpack(end)[8]), 0 if told_size >= 2**32 - 1 else told_size)
    return told_size


def _check(info: zipfile.ZipInfo) -> None:
    """Raise a ValueError for what a session does not have."""
    name = info.filename
    if name != INDEX and not _MEMBER.fullmatch(name):
        message = f"it has a file {name[:60]!r}, which no session has"
    elif stat.S_ISLNK(info.external_attr >> 16):
        message = f"{name} is a link"
    elif info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        message = f"{name} is encrypted or packed in a way that sessions are not"
    elif info.file_size > (MOST_INDEX if name == INDEX else _most(info)):
        message = f"{name} would have {info.file_size} bytes, more than it can have"
    else:
        return
    raise ValueError(message)


def _most(info: zipfile.ZipInfo) -> int:
    return min(max(_MOST_GROWTH * info.compress_size, _FREE_GROWTH), MOST_MEMBER)

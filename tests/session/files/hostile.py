"""Zips that no session is: as they may lie on a disk by mishap or by malice."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Members = dict[str, bytes]


def members_of(place: Path) -> Members:
    with zipfile.ZipFile(place) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members, how: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_index(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], bytes]:
    def made(members: Members) -> bytes:
        content = json.loads(members["session.json"])
        change(content)
        return packed(members | {"session.json": json.dumps(content).encode()})

    return made


def first(members: Members, suffix: str) -> str:
    """Return the first file of a kind: the pictures of the first round come first."""
    return next(name for name in members if name.endswith(suffix))


def exchanged(suffix: str) -> Callable[[Members], bytes]:
    """Exchange two files of a kind."""

    def made(members: Members) -> bytes:
        one, other = [name for name in members if name.endswith(suffix)][:2]
        return packed(members | {one: members[other], other: members[one]})

    return made


def png_of_size(width: int, height: int, bits: int, color: int) -> bytes:
    """Return a small PNG that becomes an enormous picture: all of it is zero."""
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + (width * bits + 7) // 8)
    data = b"".join(rows.compress(row) for _ in range(min(height, 13_000))) + rows.flush()
    header = struct.pack(">2I5B", width, height, bits, color, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def shown_as(png: bytes) -> Callable[[Members], bytes]:
    return lambda members: packed(members | {first(members, ".png"): png})


def linked(members: Members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if name == first(members, ".png"):
                info.external_attr, content = 0o120777 << 16, b"/etc/passwd"  # noqa: PLW2901
            archive.writestr(info, content)
    return buffer.getvalue()


def doubled(members: Members) -> bytes:
    """Return a zip that has a name twice: programs differ in which one they read."""
    other = "x" + first(members, ".png")[1:]
    name = first(members, ".png")
    both = packed(members | {other: members[name]})
    return both.replace(other.encode(), name.encode())


def overlapping(members: Members) -> bytes:
    """Return a zip whose directory names one place many times (a bomb that is not nested)."""
    whole = packed(members)
    start = struct.unpack("<I", whole[-6:-2])[0]
    entry, name = whole[start:-22], first(members, ".png").encode()
    at = entry.index(name) - 46
    size = 46 + len(name)
    more = b"".join(entry[at : at + 46] + b"%032x.png" % number for number in range(1000))
    assert len(entry[at : at + size]) == size
    count = struct.unpack("<H", whole[-12:-10])[0] + 1000
    end = whole[-22:-14] + struct.pack("<2H2IH", count, count, len(entry + more), start, 0)
    return whole[:start] + entry + more + end


def crowded(members: Members) -> bytes:
    """Return a zip of a million members, none of which has a place of its own."""
    whole = packed(members)
    start = struct.unpack("<I", whole[-6:-2])[0]
    entry = whole[start : start + 46]
    name = b"%032x.png"
    listed = b"".join(
        entry[:28] + struct.pack("<H", 36) + entry[30:46] + name % i for i in range(10**6)
    )
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 65535, 65535, len(listed), start, 0)
    return whole[:start] + listed + end


def bomb(suffix: str, fill: bytes, mebibytes: int) -> Callable[[Members], bytes]:
    """Return a zip with a file that takes a thousandth of its size."""

    def made(members: Members) -> bytes:
        name = first(members, suffix)
        buffer = io.BytesIO(packed({key: x for key, x in members.items() if key != name}))
        with zipfile.ZipFile(buffer, "a") as archive:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as file:
                for _ in range(mebibytes):
                    file.write(fill * (2**20 // len(fill)))
        return buffer.getvalue()

    return made


def without(suffix: str) -> Callable[[Members], bytes]:
    def made(members: Members) -> bytes:
        lost = first(members, suffix)
        return packed({name: content for name, content in members.items() if name != lost})

    return made


def beside(name: str, content: bytes = b"") -> Callable[[Members], bytes]:
    return lambda members: packed(members | {name: content})


def cut(members: Members) -> bytes:
    return packed(members)[:-30]


def flipped(suffix: str) -> Callable[[Members], bytes]:
    """Change one byte of a file, and let the zip's own sum agree."""

    def made(members: Members) -> bytes:
        name = first(members, suffix)
        content = bytearray(members[name])
        content[-20] ^= 1
        return packed(members | {name: bytes(content)})

    return made


def stale_sum(members: Members) -> bytes:
    whole = bytearray(packed(members))
    at = whole.index(members[first(members, ".safetensors")])
    whole[at + 200] ^= 1
    return bytes(whole)

"""Lines of a journal. Each is a JSON object with a checksum that runs on from line to line.

``{"sum":"9b1f02aa","entry":{…}}``: the sum is the CRC-32 of the entry's bytes, begun with that of
the line before. So a line that was cut, changed, doubled, left out or moved is noticed, and what
stands before it can be trusted.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = re.compile(rb'\{"sum":"([0-9a-f]{8})","entry":(\{.*\})\}', re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One entry and where its line ends.

    Parameters
    ----------
    entry
        What was written down.
    end
        Offset in bytes of the first one behind the line.
    total
        The checksum so far.
    """

    entry: Mapping[str, Any]
    end: int
    total: int


def line_of(entry: Mapping[str, Any], total: int) -> tuple[bytes, int]:
    """Return the line of an entry, and the checksum so far.

    Parameters
    ----------
    entry
        JSON.
    total
        The checksum of the line before, 0 for the first.
    """
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    content = text.encode("utf-8", "surrogatepass")
    total = zlib.crc32(content, total)
    return b'{"sum":"%08x","entry":%s}\n' % (total, content), total


def read_lines(content: bytes) -> Iterator[Line]:
    """Yield the lines of a journal up to the first one that cannot be trusted."""
    total, start = 0, 0
    while (end := content.find(b"\n", start)) >= 0:
        match = _LINE.fullmatch(content, start, end)
        if match is None:
            return
        total = zlib.crc32(match[2], total)
        if b"%08x" % total != match[1]:
            return
        try:
            entry = json.loads(match[2].decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError):
            return
        start = end + 1
        yield Line(entry, start, total)

"""The text of ``session.json`` as JSON, refused where it would take more memory than it should."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from fabric_widget.session.as_json import typed

FORMAT = 3
_MOST_OBJECTS = 400_000  # each takes some 200 bytes: sessions of 10,000 pictures have half of them
_MOST_VALUES = 1_500_000


class NewerFormatError(Exception):
    """The session was written by a newer version."""


def parse(data: bytes) -> dict[str, Any]:
    """Return the document.

    Raises
    ------
    NewerFormatError
        A newer version wrote it.
    Exception
        It is damaged.
    """
    objects = data.count(b"[") + data.count(b"{")
    if objects > _MOST_OBJECTS or data.count(b",") > _MOST_VALUES:
        message = "it has more entries than a session can have"
        raise ValueError(message)
    content = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    content = typed.mapping(content, "the document")
    known = typed.whole(content["format"], "format")
    if known > FORMAT:
        raise NewerFormatError
    return content


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no number of JSON"
    raise ValueError(message)

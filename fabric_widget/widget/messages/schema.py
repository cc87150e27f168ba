"""Schema of the front end's messages: types, fields, kinds of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fabric_widget.widget.state.masks import MOST_RUNS

Reader = Callable[[object], Any]


class BadMessage(ValueError):  # noqa: N818  (it says what is bad)
    """A message does not follow the schema."""


@dataclass(frozen=True)
class Message:
    """One type of message.

    Parameters
    ----------
    fields
        How each field is read.
    files
        Whether it carries buffers; they are read as the field `files`.
    session
        Whether it needs the session: it then waits until the model is loaded.
    answered
        Whether it gets an answer.
    """

    fields: Mapping[str, Reader] = field(default_factory=dict)
    files: bool = False
    session: bool = False
    answered: bool = True

    def read(self, content: Mapping[str, Any], buffers: Sequence[object]) -> dict[str, Any]:
        """Return the fields of a message.

        Raises
        ------
        BadMessage
            A field is missing or is something else.
        """
        lacking = [name for name in self.fields if name not in content]
        if lacking:
            message = f"the message {content['type']!r} lacks {', '.join(lacking)}"
            raise BadMessage(message)
        read: dict[str, Any] = {}
        for name, reader in self.fields.items():
            try:
                read[name] = reader(content[name])
            except ValueError as error:
                message = f"{name} of the message {content['type']!r}: {error}"
                raise BadMessage(message) from error
        if self.files:
            read["files"] = [bytes(memoryview(buffer)) for buffer in _buffers(buffers)]  # type: ignore[arg-type]
        return read


@dataclass(frozen=True)
class Answer:
    """What an answer carries besides the number of its request."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()


def request_of(content: object) -> int | float | None:
    """Return the request number for the answer, or None."""
    request = content.get("request") if isinstance(content, Mapping) else None
    if isinstance(request, bool) or not isinstance(request, (int, float)):
        return None
    return request if isinstance(request, int) or math.isfinite(request) else None


def text(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        message = f"{_shown(value)} is not a text"
        raise BadMessage(message)
    return value


def texts(value: object) -> list[str]:
    """Read a list of texts."""
    if not isinstance(value, list):
        message = f"{_shown(value)} is not a list"
        raise BadMessage(message)
    return [text(item) for item in value]


def whole(value: object) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        message = f"{_shown(value)} is not a whole number"
        raise BadMessage(message)
    return int(value)


def wholes(value: object) -> list[int]:
    """Read a list of whole numbers."""
    if not isinstance(value, list) or len(value) > MOST_RUNS:
        message = f"{_shown(value)} is not a list of at most {MOST_RUNS} whole numbers"
        raise BadMessage(message)
    return [whole(item) for item in value]


def number(value: object) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        message = f"{_shown(value)} is not a number"
        raise BadMessage(message)
    return value


def whole_or_none(value: object) -> int | None:
    """Read a whole number, or nothing."""
    return None if value is None else whole(value)


def switch(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        message = f"{_shown(value)} is neither true nor false"
        raise BadMessage(message)
    return value


def mapping(value: object) -> dict[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        message = f"{_shown(value)} is not an object"
        raise BadMessage(message)
    return value


def one_of(*allowed: str) -> Reader:
    """Read one of several words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            message = f"{_shown(value)} is none of {', '.join(allowed)}"
            raise BadMessage(message)
        return value

    return read


def _buffers(buffers: Sequence[object]) -> Sequence[object]:
    for buffer in buffers:
        if not isinstance(buffer, (bytes, bytearray, memoryview)):
            message = f"a file came as {type(buffer).__name__}, not as bytes"
            raise BadMessage(message)
    return buffers


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."  # noqa: PLR2004  (a line of a message)


KNOWN: Mapping[str, Message] = {
    "hello": Message(),
    "generate": Message({"controls": mapping, "votes": mapping}),
    "draft": Message({"controls": mapping, "votes": mapping}),
    "more_like": Message({"id": text, "controls": mapping, "votes": mapping}, session=True),
    "again": Message({"id": text}, session=True),
    "finish": Message({"id": text}, session=True),
    "enlarge": Message({"id": text}, session=True),
    "look": Message({"id": text}, session=True),
    "look_at": Message(
        {"id": text, "reference": whole, "level": whole_or_none, "part": whole_or_none},
        session=True,
    ),
    "subject": Message({"id": text}, session=True),
    "cancel": Message(),
    "undo": Message(session=True),
    "redo": Message(session=True),
    "branch": Message({"round": whole}, session=True),
    "tools": Message(),
    "fetch": Message({"id": text, "kind": one_of("thumb", "screen", "full")}, session=True),
    "part": Message(
        {"id": text, "rows": whole, "columns": whole, "runs": wholes, "strength": number},
        session=True,
    ),
    "upload": Message({"names": texts}, files=True, session=True),
    "use_settings": Message({"name": text}, session=True),
    "star": Message({"id": text, "starred": switch}, session=True),
    "poll": Message({"seen": whole, "round": whole}),
    "seen": Message({"job": whole, "step": whole}, answered=False),
    "save_preset": Message({"name": text, "values": mapping}),
    "delete_preset": Message({"name": text}),
    "dismiss": Message(),
    "retry": Message(session=True),
    "resume": Message({"name": text}, session=True),
    "anew": Message(),
    "open_file": Message({"name": text, "size": whole}),
    "open_piece": Message({"file": whole, "index": whole}, files=True),
    "open_whole": Message({"file": whole}, session=True),
    "open_cancel": Message({"file": whole}),
    "styles": Message(),
    "save_style": Message({"name": text}, session=True),
    "use_style": Message({"name": text}, session=True),
    "delete_style": Message({"name": text}),
    "tastes": Message(session=True),
    "bake": Message({"name": text, "controls": mapping, "votes": mapping}, session=True),
    "enough": Message(),
    "use_taste": Message({"id": text, "strength": number}, session=True),
    "delete_taste": Message({"id": text}, session=True),
    "taste_file": Message({"id": text}, session=True),
    "wait": Message(answered=False),
}
"""Every type of message that the front end sends."""


def read_message(
    content: object, buffers: Sequence[object], known: Mapping[str, Message] = KNOWN
) -> tuple[str, Message, dict[str, Any]]:
    """Return a message's type, its schema, and its fields.

    Raises
    ------
    BadMessage
        It is of no known type, or a field is missing or is something else.
    """
    if not isinstance(content, Mapping):
        message = "a message is an object with a type"
        raise BadMessage(message)
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in known:
        message = f"a message of type {_shown(kind)} is unknown; known are {', '.join(known)}"
        raise BadMessage(message)
    return kind, known[kind], known[kind].read(content, buffers)

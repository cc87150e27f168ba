"""Messages of the front end on their way: read, handed to who does what they say, answered."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.messages import schema
from fabric_widget.widget.messages.schema import Answer

if TYPE_CHECKING:
    from fabric_widget.widget.lazy_session import Opening
    from fabric_widget.widget.messages.schema import Message
    from fabric_widget.widget.view_protocol import Face
    from fabric_widget.widget.worker import Jobs

_logger = logging.getLogger(__name__)


class Dispatch:
    """Takes messages in and answers them.

    Parameters
    ----------
    face
        Answers are sent through it.
    opening
        Has the model.
    jobs
        Where messages wait that need the model.
    known
        What each type of message looks like.
    handlers
        Has a method ``_on_type`` for each of them.
    """

    def __init__(
        self,
        face: Face,
        opening: Opening,
        jobs: Jobs,
        known: Mapping[str, Message],
        handlers: object,
    ) -> None:
        self._face = face
        self._opening = opening
        self._jobs = jobs
        self._known = known
        self._handlers = handlers

    def receive(self, content: object, buffers: Sequence[object]) -> None:
        """Check a message, do what it says and answer it. Never raises."""
        if isinstance(content, Mapping) and content.get("kind") == "anywidget-command":
            return  # for anywidget itself
        request = schema.request_of(content)
        try:
            kind, message, fields = schema.read_message(content, buffers, self._known)
        except Exception as error:  # noqa: BLE001  (whatever came, it is told back)
            self._fail(request, error)
            return
        if message.session and self._opening.session is None:
            with contextlib.suppress(RuntimeError):  # closed: there is nobody to answer
                self._jobs.call(functools.partial(self._handle, kind, request, fields))
        else:
            self._handle(kind, request, fields)
        self._jobs.pump()

    def _handle(self, kind: str, request: float | None, fields: Mapping[str, Any]) -> None:
        message = self._known[kind]
        try:
            if message.session:
                self._opening.load()
            handle: Callable[..., Answer | None] = getattr(self._handlers, f"_on_{kind}")
            answer = handle(**fields) or Answer()
        except (ValueError, OSError, RuntimeError) as error:
            self._fail(request, error)
        except Exception as error:
            _logger.exception("a message of the front end could not be handled")
            self._fail(request, error)
        else:
            if message.answered and request is not None:
                content = {"type": "answer", "request": request, **answer.fields}
                self._face.send(content, answer.buffers)

    def _fail(self, request: float | None, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self._face.send({"type": "failed", "request": request, "message": text[:1000]})

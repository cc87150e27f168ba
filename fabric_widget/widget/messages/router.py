"""Route messages of the front end to their handlers, and their answers back."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.messages import schema
from fabric_widget.widget.messages.schema import Answer

if TYPE_CHECKING:
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.messages.schema import Message
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Worker

_logger = logging.getLogger(__name__)


class Router:
    """Checks messages, calls their handlers and sends the answers.

    Parameters
    ----------
    view
        Answers are sent through it.
    lazy_session
        Has the model.
    worker
        Where messages wait that need the model.
    known
        What each type of message looks like.
    handlers
        Has a method ``_on_type`` for each of them.
    """

    def __init__(
        self,
        view: WidgetView,
        lazy_session: LazySession,
        worker: Worker,
        known: Mapping[str, Message],
        handlers: object,
    ) -> None:
        self._view = view
        self._lazy_session = lazy_session
        self._worker = worker
        self._known = known
        self._handlers = handlers

    def receive(self, content: object, buffers: Sequence[object]) -> None:
        """Check, handle and answer a message. Never raises."""
        if isinstance(content, Mapping) and content.get("kind") == "anywidget-command":
            return  # for anywidget itself
        request = schema.request_of(content)
        try:
            kind, message, fields = schema.read_message(content, buffers, self._known)
        except Exception as error:  # noqa: BLE001  (whatever came, it is told back)
            self._fail(request, error)
            return
        if message.session and self._lazy_session.session is None:
            with contextlib.suppress(RuntimeError):  # closed: there is nobody to answer
                self._worker.call(functools.partial(self._handle, kind, request, fields))
        else:
            self._handle(kind, request, fields)
        self._worker.pump()

    def _handle(self, kind: str, request: float | None, fields: Mapping[str, Any]) -> None:
        message = self._known[kind]
        try:
            if message.session:
                self._lazy_session.load()
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
                self._view.send(content, answer.buffers)

    def _fail(self, request: float | None, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self._view.send({"type": "failed", "request": request, "message": text[:1000]})

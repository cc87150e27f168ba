"""A widget whose traits several threads write, under one lock, and that ends with its page.

What `view` promises its parts is kept here.
"""

from __future__ import annotations

import contextvars
import logging
import weakref
from pathlib import Path
from typing import Any, ClassVar

import anywidget

from fabric_widget.widget.view_protocol import WidgetView, is_closed

STATIC = Path(__file__).parents[1] / "static"

_logger = logging.getLogger(__name__)


def static(name: str) -> str:
    """Return the text of a front-end file; anywidget takes a single line for a path.

    The text, not the path: anywidget watches paths, and a path would hold every widget for ever.
    """
    return (STATIC / name).read_text(encoding="utf-8") + "\n"


class ThreadSafeWidget(anywidget.AnyWidget):
    """Base class of this package's widgets.

    One that is made calls `_prepare` before any of its traits is written, and `_settle` when it can
    be shown.
    """

    _live: ClassVar[weakref.WeakSet[ThreadSafeWidget]] = weakref.WeakSet()

    _left = False  # the host closed it: nobody said that they are done

    def _prepare(self) -> None:
        self._home = contextvars.copy_context()
        self._view = WidgetView(self, self._close_left)

    def _settle(self) -> None:
        self._own_layout = self.layout
        if self.comm is not None and hasattr(self.comm, "on_close"):
            self.comm.on_close(self._on_comm_closed)
        for other in tuple(self._live):
            if is_closed(other.comm):  # a host that runs a cell again closes comms, not widgets
                other._close_left()  # noqa: SLF001  (of this very class)
        self._live.add(self)

    def show(self) -> None:
        """Display the widget."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the widget."""
        self._live.discard(self)
        super().close()
        if "_own_layout" in self.__dict__:
            self._own_layout.close()  # otherwise kept for ever

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; write traits under the lock."""
        if not self.has_trait(name):
            super().__setattr__(name, value)
            return
        with self._view.lock:
            super().__setattr__(name, value)

    def get_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the state, all of one moment."""
        with self._view.lock:
            state: dict[str, Any] = super().get_state(*args, **kwargs)
            return state

    def send_state(self, key: Any = None) -> None:  # noqa: ANN401  (as the base class)
        """Send the state, in the order of the writes."""
        with self._view.lock:
            super().send_state(key)

    def _send(self, msg: Any, buffers: Any = None) -> None:  # noqa: ANN401  (as the base class)
        """Send a message; never raise, since the page may be gone.

        It is sent as from the cell that made the widget. A kernel sends what a page says to the
        thread that the widget last spoke from, and notebooks end those threads, but never the
        cell's.
        """
        if self._view.gone:
            self._close_left()
            return
        try:
            self._home.copy().run(super()._send, msg, buffers=buffers)
        except Exception:
            _logger.exception("a message to the front end could not be sent")

    def _on_comm_closed(self, _message: object) -> None:
        self._close_left()

    def _close_left(self) -> None:
        """Close the widget because its page is gone."""
        self._left = True
        self.close()

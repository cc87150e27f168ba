"""WidgetView: what the parts of a widget may read, write and send, from any thread.

Three rules keep the threads apart. Every write of a trait, and everything that is read to be sent,
holds `WidgetView.lock`. Handlers and observers only check, note and enqueue. The session is the
truth about votes and rounds: traits repeat it, so an echo or a repetition changes nothing.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.state.settings import NAMES, Controls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import anywidget

    from fabric_widget.engine import Round


class WidgetView:
    """The widget as its parts use it, from any thread.

    Parameters
    ----------
    widget
        Has the traits.
    close
        Closes it because its page is gone.

    Attributes
    ----------
    lock
        Held by whoever writes traits, or reads several of them that belong together.
    """

    def __init__(self, widget: anywidget.AnyWidget, close: Callable[[], object]) -> None:
        self._widget = widget
        self._close = close
        self.lock = threading.RLock()

    @property
    def round(self) -> Round | None:
        """The current round."""
        made: Round | None = self._widget.round
        return made

    @property
    def auto(self) -> bool:
        """Whether votes start a round."""
        return bool(self._widget.auto)

    @property
    def lock_seed(self) -> bool:
        """Whether the seed stays after a round."""
        return bool(self._widget.lock_seed)

    @property
    def gone(self) -> bool:
        """Whether the host has closed the widget."""
        return is_closed(self._widget.comm)

    def controls(self) -> Controls:
        """Return the current controls, all of one moment."""
        with self.lock:
            return Controls(**{name: getattr(self._widget, name) for name in NAMES})

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, and send all writes as one update."""
        with self.lock, self._widget.hold_sync():
            yield

    def show(self, **values: Any) -> None:
        """Write traits that only the kernel writes."""
        with self.lock:
            for name, value in values.items():
                self._widget.set_trait(name, value)

    def set(self, **values: Any) -> None:
        """Write traits that a person may write as well."""
        for name, value in values.items():
            setattr(self._widget, name, value)

    def adopt(self, read: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        """Set traits; send only those that differ from what the page shows."""
        held = self._widget._lock_property(**shown)  # noqa: SLF001  (it has no public name)
        with self.lock, held, self._widget.hold_trait_notifications():
            for name, value in read.items():
                self._widget.set_trait(name, value)

    def send(self, content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send a message to every page."""
        self._widget.send(dict(content), buffers=list(buffers))

    def send_again(self, *names: str) -> None:
        """Send traits again to every page."""
        self._widget.send_state(list(names))

    def close(self) -> None:
        """Close the widget, whose page is gone."""
        self._close()


def is_closed(comm: object) -> bool:
    """Return whether either end has closed a comm."""
    return bool(getattr(comm, "_closed", False))

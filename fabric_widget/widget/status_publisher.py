"""Publish the status trait: what the widget is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.state.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Worker


class StatusPublisher:
    """Writes the status trait, and notices in it.

    Parameters
    ----------
    view
        The widget.
    worker
        Knows whether a further job waits.
    clock
        Seconds that only grow.
    """

    def __init__(self, view: WidgetView, worker: Worker, clock: Callable[[], float]) -> None:
        self._view = view
        self._worker = worker
        self._status = Status(clock)

    @property
    def now(self) -> Mapping[str, Any]:
        """The status as it stands, published or not."""
        return self._status.now

    def publish_status(self, *, urgent: bool = True, **changes: Any) -> None:
        """Publish the status; skip one that is not urgent if the last was published just now."""
        with self._view.lock:
            status = self._status.next_status(urgent=urgent, **changes)
            if status is not None:
                self._view.show(status=status | self._extra())

    def _extra(self) -> dict[str, Any]:
        """Return entries that are computed at each publication."""
        return {"pending": self._worker.pending}

    def notice(self, text: str) -> None:
        """Publish a notice; it stays until it is dismissed."""
        with self._view.lock:
            if text and (notice := self._status.with_notice(text)) is not None:
                self.publish_status(notice=notice)

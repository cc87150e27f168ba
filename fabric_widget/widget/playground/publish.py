"""Publish the playground's status and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images.encoding import Album
from fabric_widget.widget.images.static_output import StaticOutput
from fabric_widget.widget.status_publisher import StatusPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Job, Worker


class PlaygroundPublisher(StatusPublisher):
    """Publishes the playground's traits that only the kernel writes.

    Parameters
    ----------
    view, worker, clock
        As for `StatusPublisher`.
    lazy_session
        Knows whether the model is loaded.
    ready
        Returns whether there is a comparison to show.

    Attributes
    ----------
    static_output
        Shows the pictures where there is no kernel.
    """

    def __init__(
        self,
        view: WidgetView,
        worker: Worker,
        clock: Callable[[], float],
        lazy_session: LazySession,
        ready: Callable[[], bool],
    ) -> None:
        super().__init__(view, worker, clock)
        self._lazy_session = lazy_session
        self._ready = ready
        self._album = Album()
        self._pictures: dict[str, Any] = {}
        self.static_output = StaticOutput()
        self._shown_revision = 0  # of the status published when pictures were last shown

    def dismiss(self) -> None:
        """Clear the error and the notice."""
        self.publish_idle(error=None, notice=None)

    def repeat(self, seen: int) -> None:
        """Send again what a page has missed since a revision."""
        with self._view.lock:
            self.publish_status()
            if seen < self._shown_revision:
                self._view.send_again("pictures", "lens", "carried")

    def close(self) -> None:
        """Release all pictures."""
        self._album.clear()
        self._pictures.clear()

    def publish_idle(self, **changes: Any) -> None:
        """Publish the status after the end of a job."""
        with self._view.lock:
            self._status.now |= changes
            busy = self._worker.current is not None and not self._worker.current.stop.is_set()
            if self._status.now["error"] is not None:
                self.publish_status(phase="error")
            elif busy:
                self.publish_status()
            else:
                self.publish_status(phase="ready" if self._ready() else "idle")

    def publish_start(self, job: Job) -> None:
        """Publish the start of a job."""
        loaded = self._lazy_session.session is not None
        self.publish_status(
            phase="running" if loaded else "loading",
            message="Making pictures." if loaded else "Loading the model.",
            job=job.number,
            step=0,
            error=None,
        )

    def show(self, name: str, identity: str, picture: Picture) -> None:
        """Publish a picture, unless it is shown already."""
        from fabric_widget.widget.playground.serialize import picture_of

        shown = picture_of(identity, picture, self._album)
        with self._view.lock:
            if self._pictures.get(name, {}).get("id") != identity:
                self._pictures |= {name: shown}
                self._view.show(pictures=dict(self._pictures))
                self._shown_revision = self._status.revision + 1

    def show_lens(self, lens: Mapping[str, Any], carried: Mapping[str, Any]) -> None:
        """Publish the lens's maps and what came over; the status follows."""
        self._shown_revision = self._status.revision + 1
        self._view.show(lens=dict(lens), carried=dict(carried))

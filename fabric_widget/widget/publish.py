"""Publish the session, the status and notices in the traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images.static_output import StaticOutput
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.settings import SEED_LIMIT
from fabric_widget.widget.state.status import NO_JOB
from fabric_widget.widget.status_publisher import StatusPublisher
from fabric_widget.widget.worker import BAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.session import PictureSettings
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Job, Worker

_LATER = "The next round waits until that is done."


class Publisher(StatusPublisher):
    """Writes the traits that only the kernel writes, and those that follow the session.

    Parameters
    ----------
    view
        Where it is told.
    lazy_session
        Has the session.
    worker
        Know whether a further round will start.
    album
        Has pictures as bytes.
    clock
        Seconds that only grow.

    Attributes
    ----------
    names
        Of the files that a person added, by the pictures' ids.
    made
        What uploads say that they were made from, by the names of their files.
    static_output
        What the notebook shows where no kernel is.
    """

    def __init__(
        self,
        view: WidgetView,
        lazy_session: LazySession,
        worker: Worker,
        album: Album,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(view, worker, clock)
        self._lazy_session = lazy_session
        self._album = album
        self._round_revision = 0
        self.made: dict[str, PictureSettings] = {}  # by name, of uploads that tell
        self.names: dict[str, str] = {}
        self.static_output = StaticOutput()

    def _extra(self) -> dict[str, Any]:
        session = self._lazy_session.session
        return {
            **super()._extra(),
            "undo": "" if session is None else session.undoable,
            "redo": "" if session is None else session.redoable,
            **self._baking(),
        }

    def _baking(self) -> dict[str, Any]:
        """Return the taste that waits to be learnt, or whatever waits for the one that is."""
        learnt, waits = self.now["bake"], self._worker.waiting(BAKE)
        if learnt is None and waits is not None:
            return {"bake": {"name": waits.request.name, "waits": True, "enough": False}}
        if learnt is not None and self._worker.pending and self.now["phase"] == "running":
            return {"message": f"{self.now['message']} {_LATER}"}
        return {}

    def publish_idle(self, **changes: Any) -> None:
        """Publish the status while no job runs."""
        with self._view.lock:
            self._status.now |= changes
            if self._status.now["error"] is not None:
                phase = "error"
            else:
                phase = "idle" if self._view.round is None else "ready"
            self.publish_status(phase=phase)

    def publish_start(self, job: Job, **told: Any) -> None:
        """Publish the start of a job; what is not told is none: no step, no picture to come."""
        self.publish_status(job=job.number, **({"phase": "running", **NO_JOB} | told))

    def dismiss(self) -> None:
        """Clear the error and the notice."""
        with self._view.lock:
            publish = self.publish_idle if self.now["phase"] == "error" else self.publish_status
            publish(error=None, notice=None)

    def publish_session(self) -> None:
        """Publish rounds, uploads and votes of the session."""
        session = self._lazy_session.session
        assert session is not None  # noqa: S101  (for the type checker: callers have one)
        turns, current = session.turns, session.current
        before = self._view.round
        self._view.show(
            history=turns,
            round=None if current is None else turns[current].round,
            starred=[serialize.name_of(picture.id) for picture in session.starred],
            parts=serialize.parts_of(session),
            tastes=serialize.tastes_of(session),
            uploads=serialize.uploads_of(session, self.names, self._album),
        )
        self._view.set(votes=serialize.votes_of(session.strengths))
        if self._view.round is not before:
            self._round_revision = self._status.revision + 1  # of the status that is told with it

    def renew_seed(self) -> None:
        """Publish the seed of the next round, unless it is locked."""
        session = self._lazy_session.session
        if session is not None and not self._view.lock_seed:
            self._view.set(seed=session.next_seed % SEED_LIMIT)

    def repeat(self, seen: int, shown: int) -> None:
        """Send again what a page has missed.

        Parameters
        ----------
        seen
            Revision of the last status that the page has.
        shown
            Index of the round that it shows, -1 for none.
        """
        session = self._lazy_session.session
        with self._view.lock:
            turn = session.current if session is not None else None
            current = -1 if self._view.round is None or turn is None else turn
            self.publish_status()
            if shown != current and (shown < 0 or seen < self._round_revision):
                self._view.send_again("round", "history")

    def show_static_output(self) -> None:
        """Update the static output with the current round."""
        session = self._lazy_session.session
        if session is not None:
            starred = {picture.id for picture in session.starred}
            self.static_output.show(self._view.round, session.strengths, starred)

"""Subject jobs: find where the subject of a picture is, to show what a vote on it means."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.jobs.run import Run
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.masks import mask_told

if TYPE_CHECKING:
    from torch import Tensor

    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.worker import Job

_logger = logging.getLogger(__name__)

SUBJECT = "subject"
"""The kind of the jobs that look for subjects."""


class SubjectJobs:
    """Looks for subjects, one at a time; the engine remembers what was found.

    Parameters
    ----------
    context
        What the widget's parts share; its worker calls `run` for jobs of the kind `SUBJECT`.
    runs
        What all runs share.
    rest
        Seconds in which no round starts by itself after a subject was found: time to see it.
    """

    def __init__(
        self,
        context: WidgetContext,
        runs: Runs,
        *,
        rest: float,
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._rest = rest
        self._told: dict[tuple[int, int], bool] = {}  # by the size of pictures

    def ask(self, identity: str) -> dict[str, Any] | None:
        """Return the mask of a picture's subject for the front end; None: it is looked for."""
        fabric = self._lazy_session.load().fabric
        known: dict[str, Tensor] = getattr(fabric, "subjects", dict)()
        if identity in known:
            return mask_told(known[identity])
        with self._view.lock:
            job = self._worker.submit(identity, SUBJECT)
            if job is self._worker.current:
                self._begin(job)
        return None

    def run(self, job: Job) -> Tensor:
        """Run a job. The session is unchanged."""
        from fabric_widget.engine import BadReference

        session, told = self._lazy_session.load(), None
        try:
            with self._runs.inside(Run(job, session, 1), functools.partial(self._begin, job)):
                found = session.subject(job.request)
            told = mask_told(found)
        except BadReference as error:  # attention that does not tell: no reason for an alarm
            self._publisher.notice(f"{error}.")
            self._end(job)
            raise
        except BaseException as error:
            self._runs.failed(job, error, "The search for the subject")
            raise
        else:
            self._end(job)
            return found
        finally:
            name = serialize.name_of(job.request)
            self._view.send({"type": "subject", "id": name, "mask": told})

    def survey(self) -> None:
        """Find out whether votes on subjects can work, before they are offered. Never raises."""
        session = self._lazy_session.session
        if session is None or session.current is None:
            return
        picture = session.turns[session.current].round[0]
        size = picture.image.size
        try:
            if size not in self._told:
                self._told[size] = session.tells_subjects(picture)
        except Exception:  # they stay offered, and whoever takes one is told
            _logger.exception("whether votes on subjects work could not be found out")
            return
        self._lazy_session.learn(subjects=self._told[size])

    def _begin(self, job: Job) -> None:
        look = serialize.name_of(job.request)
        self._publisher.publish_start(job, message="Looking for the subject.", look=look)

    def _end(self, job: Job) -> None:
        self._worker.delay(self._rest)
        with self._view.lock:
            self._runs.ended(job)
            self._publisher.publish_idle(message="", look="")

"""What jobs of all kinds share: progress, cancelling, failures."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.error_report import described
from fabric_widget.widget.jobs.eta import Eta
from fabric_widget.widget.jobs.turns import taking_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fabric_widget.engine import Progress
    from fabric_widget.session import Session
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.turns import Turn
    from fabric_widget.widget.worker import Job

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One job while the engine works on it.

    Parameters
    ----------
    job
        What is worked off.
    session
        Whose engine it is.
    pictures
        How many are made.
    eta
        How fast it goes.
    """

    job: Job
    session: Session
    pictures: int
    eta: Eta = field(default_factory=Eta)


class Runs:
    """The job that the engine works on, if any.

    Parameters
    ----------
    context
        What the widget's parts share.
    batched
        Whether pictures are made a few at a time.
    clock
        Seconds that only grow.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        batched: bool,
        clock: Callable[[], float],
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._batched = batched
        self._clock = clock
        self._inside: Job | None = None
        self._turn: Turn | None = None
        self._ended = 0  # number of the last job whose end was told

    @property
    def resting(self) -> bool:
        """Whether no job runs, or the end of the last one was published."""
        job = self._worker.current
        return job is None or job.number <= self._ended

    def cancel(self) -> None:
        """Cancel at the next step, and drop pending jobs."""
        job, session = self._worker.cancel(), self._lazy_session.session
        with self._view.lock:
            if job is None or job.number <= self._ended:
                self._publisher.publish_status()
                return
            waiting = self._turn is not None and self._turn.waiting
            if job is self._inside and session is not None and not waiting:
                session.cancel()  # while it waits, that would be somebody else's run
            self._publisher.publish_status(phase="stopping", message="Stopping after this step.")

    @contextlib.contextmanager
    def inside(self, run: Run, begin: Callable[[], None]) -> Iterator[None]:
        """Enter the engine.

        Parameters
        ----------
        run
            What is in it.
        begin
            Tells that it begins.

        Raises
        ------
        GenerationCancelled
            It was stopped before it began, or while it waited for another run.
        """
        from fabric_widget.engine import GenerationCancelled

        with self._view.lock:
            if run.job.stop.is_set():
                message = "stopped before the first step"
                raise GenerationCancelled(message)
            begin()
            self._inside = run.job
        try:
            with taking_turns(run.job, self._view, self._publisher) as self._turn:
                yield
        finally:
            self._inside = self._turn = None

    def step(self, run: Run, progress: Progress) -> bool:
        """Publish the progress of a job; return whether it continues."""
        step, steps = progress.step, progress.steps
        self._worker.tick(run.job, step, steps)
        if self._view.gone:  # nobody will see what comes of it
            self._view.close()
        run.eta.note(step, self._clock())
        told: dict[str, Any] = {"step": step, "steps": steps}
        if run.job.stop.is_set():
            run.session.cancel()
            self._publisher.publish_status(phase="stopping", **told)
            return False
        told["eta"] = run.eta.seconds_left(steps)
        told["rate"] = run.eta.rate(run.pictures, steps)
        self._publisher.publish_status(urgent=step == steps, **told)
        return True

    def ended(self, job: Job) -> None:
        """Record that the end of a job is being published."""
        self._ended = job.number

    def failed(self, job: Job, error: BaseException, what: str, *, retry: bool = False) -> None:
        """Publish how a job failed; `what` begins the sentence, `retry`: it can be tried again."""
        with self._view.lock:
            self.ended(job)
            now = self._publisher.now
            quiet: dict[str, Any] = {
                "eta": None,
                "rate": None,
                "again": "",
                "look": "",
                "bake": None,
            }
            if type(error).__name__ == "GenerationCancelled":
                if job.superseded:
                    words = "Starting again with your votes."
                elif now["job"] == job.number and now["step"]:
                    words = f"Stopped after {now['step']} of {now['steps']} steps."
                else:
                    words = "Stopped before the first step."
                self._publisher.publish_idle(error=None, message=words, **quiet)
                return
            problem: dict[str, Any] = described(
                error,
                pictures=now["count"],
                width=now["width"],
                height=now["height"],
                batched=self._batched,
            )
            problem |= {"retry": True} if retry else {}
            self._publisher.publish_status(
                phase="error", message=f"{what} failed.", error=problem, **quiet
            )
        _logger.error("%s failed", what, exc_info=error)

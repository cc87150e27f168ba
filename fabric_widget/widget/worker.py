"""The worker: runs jobs one at a time, in a thread beside the kernel's own.

At most one job runs and at most one of each kind waits. Where threads do not exist the same queue
is worked off by whoever calls `pump`. Nothing here knows what a job does.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
import weakref
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROUND = "round"
"""The kind of the jobs that votes ask for."""
BAKE = "bake"
"""The kind of the jobs that learn a taste."""

_logger = logging.getLogger(__name__)


class Outcome(Future[Any]):
    """Future result of a job, with a blocking `result`; it can be awaited too.

    Cancelling it stops the job at its next step.
    """

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def cancel(self) -> bool:
        """Stop the job; return whether it had not begun."""
        self._stop.set()
        return super().cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait without blocking the event loop."""
        return asyncio.wrap_future(self).__await__()


@dataclass(eq=False)
class Job:
    """One job.

    Parameters
    ----------
    request
        What was asked for; None if a vote asked for it, then the run reads the controls itself.
    kind
        Which other jobs it stands for: of each kind at most one waits.
    context
        The context of whoever asked: in it, messages reach the right place.
    """

    request: Any
    kind: str = ROUND
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    stop: threading.Event = field(default_factory=threading.Event)
    number: int = 0
    superseded: bool = False
    outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        """Create the future, which can stop the job."""
        self.outcome = Outcome(self.stop)

    @property
    def automatic(self) -> bool:
        """Whether a vote requested it."""
        return self.request is None


class Worker:
    """A queue with one place for each kind of job, and the thread that runs them.

    Parameters
    ----------
    run
        Does a job; what it returns or raises becomes the job's outcome. Held weakly.
    threads
        Whether there is a thread; otherwise `pump` does the work.
    clock
        Seconds that only grow.
    anew
        How whoever asks too late makes a new widget.
    """

    def __init__(
        self,
        run: Callable[[Job], object],
        *,
        threads: bool = True,
        clock: Callable[[], float] = time.monotonic,
        anew: str = "FabricWidget(widget.session)",
    ) -> None:
        self._run = weakref.WeakMethod(run)
        self._threads = threads
        self._clock = clock
        self._anew = anew
        self._changed = threading.Condition()
        self._tasks: deque[Callable[[], object]] = deque()
        self._current: Job | None = None
        self._waiting: dict[str, Job] = {}  # in the order in which they were asked for
        self._due: float | None = None
        self._due_context = contextvars.Context()
        self._count = 0
        self._closed = False
        self._pumping = False
        self.thread: threading.Thread | None = None

    @property
    def current(self) -> Job | None:
        """The job that runs or is about to run."""
        return self._current

    @property
    def pending(self) -> bool:
        """Whether another job will run."""
        return bool(self._waiting) or self._due is not None

    def waiting(self, kind: str) -> Job | None:
        """Return the job of a kind that waits for the present one."""
        return self._waiting.get(kind)

    def submit(self, request: object, kind: str = ROUND) -> Job:
        """Enqueue a job; it replaces a waiting one of the same kind.

        A round has what was voted before, so one that votes asked for is not needed any more.

        Raises
        ------
        RuntimeError
            The jobs are closed.
        """
        with self._changed:
            self._refuse_if_closed()
            if kind == ROUND:
                self._due = None
            job = self._enqueued(Job(request, kind))
            self._wake()
            return job

    def soon(self, delay: float) -> None:
        """Enqueue a job without a request in `delay` seconds, counted from the last call."""
        with self._changed:
            if self._closed:
                return
            self._due = self._clock() + delay
            self._due_context = contextvars.copy_context()
            self._wake()

    def delay(self, delay: float) -> None:
        """Begin a job that is due no sooner than in `delay` seconds."""
        with self._changed:
            if self._due is not None:
                self._due = max(self._due, self._clock() + delay)

    def call(self, task: Callable[[], object]) -> None:
        """Run a short task before the next job."""
        context = contextvars.copy_context()
        with self._changed:
            self._refuse_if_closed()
            self._tasks.append(lambda: context.run(task))
            self._wake()

    def tick(self, job: Job, step: int, steps: int) -> None:
        """Report the progress of a job; a job due meanwhile restarts it, or waits.

        A run that a vote asked for is begun again if it is less than half done: its pictures would
        be out of date when they come. A run that a person asked for is never taken away.
        """
        with self._changed:
            if self._due is None or self._clock() < self._due:
                return
            self._due = None
            if ROUND not in self._waiting:
                if job.automatic and 2 * step < steps:
                    job.superseded = True
                    job.stop.set()
                self._waiting[ROUND] = Job(None, context=self._due_context)

    def forget(self) -> None:
        """Drop a waiting job that votes requested."""
        with self._changed:
            self._due = None
            if ROUND in self._waiting and self._waiting[ROUND].automatic:
                del self._waiting[ROUND]

    def cancel(self) -> Job | None:
        """Drop what is pending and ask the present job to stop; return it."""
        with self._changed:
            self._due = None
            dropped, self._waiting = self._waiting, {}
            job = self._current
        for one in dropped.values():
            one.outcome.cancel()
        if job is not None:
            job.stop.set()
        return job

    def wake(self) -> None:
        """Check again whether a job is due."""
        with self._changed:
            self._changed.notify_all()

    def pump(self) -> None:
        """Without threads: run what is due now."""
        if self._threads or self._pumping:
            return
        self._pumping = True
        try:
            while (work := self._take_now()) is not None:
                self._do(work)
        finally:
            self._pumping = False

    def close(self) -> None:
        """End the thread after its current step. May be called twice."""
        with self._changed:
            self._closed = True
            self._tasks.clear()
        self.cancel()
        self.wake()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            message = f"this widget is closed: make a new one, {self._anew}"
            raise RuntimeError(message)

    def _enqueued(self, job: Job) -> Job:
        """Return the job that will serve the request of `job`."""
        if self._current is None:
            self._begin(job)
            return job
        waiting = self._waiting.get(job.kind)
        if waiting is None or waiting.automatic:
            self._waiting[job.kind] = job
            return job
        waiting.request, waiting.context = job.request, job.context
        return waiting

    def _begin(self, job: Job | None) -> None:
        self._current = job
        if job is not None:
            self._count += 1
            job.number = self._count

    def _wake(self) -> None:
        self._changed.notify_all()
        if self._threads and self.thread is None:
            # A daemon: a kernel that ends does not wait for a picture. It holds this queue, and the
            # widget only while it works.
            self.thread = threading.Thread(target=self._work, name="fabric-widget", daemon=True)
            self.thread.start()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            self._do(work)
            del work  # holds no job while it waits for the next

    def _next(self) -> Job | Callable[[], object] | None:
        """Wait for work; return None at the end."""
        with self._changed:
            while (work := self._take()) is None and not self._closed:
                self._changed.wait(self._left())
            return work

    def _take_now(self) -> Job | Callable[[], object] | None:
        """Return the next work, or have `pump` called when there is some."""
        with self._changed:
            work = self._take()
            left = self._left()
            if work is not None or left is None:
                return work
            try:
                asyncio.get_running_loop().call_later(left, self.pump)
            except RuntimeError:  # nobody would call again: do it at once
                self._due = self._clock()
                return self._take()
            return None

    def _take(self) -> Job | Callable[[], object] | None:
        if self._tasks:
            return self._tasks.popleft()
        if self._current is None and self._due is not None and self._clock() >= self._due:
            self._due = None
            self._begin(Job(None, context=self._due_context))
        return self._current

    def _left(self) -> float | None:
        return None if self._due is None else max(0.0, self._due - self._clock())

    def _do(self, work: Job | Callable[[], object]) -> None:
        if not isinstance(work, Job):
            try:
                work()
            except Exception:
                _logger.exception("a task of the widget failed")
            return
        begun = work.outcome.set_running_or_notify_cancel()
        run = self._run()
        made, failure = None, None
        if run is not None:
            try:
                made = work.context.run(run, work)
            except BaseException as error:  # noqa: BLE001  (it goes to whoever waits for the outcome)
                failure = error
        del run
        with self._changed:
            following = next(iter(self._waiting), None)
            self._begin(None if following is None else self._waiting.pop(following))
        if not begun:
            return
        if failure is None:
            work.outcome.set_result(made)
        else:
            work.outcome.set_exception(failure)

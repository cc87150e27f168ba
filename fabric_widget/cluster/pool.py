"""Workers that stay, and the tasks that they work through.

A task is a call of a worker that yields items. Where a worker is lost another one is started, and
its task is begun again by whichever worker is idle first. Knows nothing of what is done.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fabric_widget.cluster.connection import NoWorkers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterable, Iterator

_TRIES = 3
_POLL = 0.2  # seconds between two questions whether to go on

Task = TypeVar("Task", bound="Hashable")


@dataclass(eq=False)
class Member:
    """A worker of a pool.

    Parameters
    ----------
    actor
        Ray's handle. Its method ``open`` loads what it needs; what that raises is told, while an
        error of its constructor would look like a lost worker.
    """

    actor: Any


Worker = TypeVar("Worker", bound=Member)


class WorkerPool(Generic[Worker]):
    """Workers, started at once; closed when nobody needs them any more.

    Parameters
    ----------
    start
        Starts a worker.
    count
        How many there are.
    """

    def __init__(self, start: Callable[[], Worker], count: int) -> None:
        self._start = start
        self._opening: dict[Any, Worker] = {}
        self._idle: list[Worker] = []
        self._running: dict[Any, tuple[Worker, Hashable]] = {}  # by the stream of items
        self._abandoned: dict[Any, Worker] = {}  # at a task that nobody waits for any more
        self._lost: Counter[Hashable] = Counter()
        for _ in range(count):
            self._add()

    @property
    def opened(self) -> list[Worker]:
        """Workers that have loaded what they need."""
        running = [worker for worker, _ in self._running.values()]
        return [*self._idle, *running, *self._abandoned.values()]

    def wait_for_one(self) -> None:
        """Wait until a worker has loaded what it needs.

        Raises
        ------
        NoWorkers
            Three were lost while they loaded.
        Exception
            What loading raised.
        """
        while not self.opened:
            self._settle(self._ready())

    def items(
        self,
        tasks: Iterable[Task],
        begin: Callable[[Worker, Task], Any],
        *,
        check: Callable[[], object] = lambda: None,
        abandon: Callable[[Worker], object] = lambda _: None,
    ) -> Generator[tuple[Task, Any], None, None]:
        """Yield each task with each item that it yields, as they come.

        A task that is begun again yields its items from the first one on.

        Parameters
        ----------
        tasks
            Each one different.
        begin
            Calls a worker, and returns the stream of what it yields.
        check
            Called a few times a second; what it raises ends all tasks.
        abandon
            Called with each worker whose task nobody waits for any more.

        Raises
        ------
        NoWorkers
            Three workers were lost at the same task.
        Exception
            What a task raised.
        """
        waiting = deque(tasks)
        self._lost.clear()
        try:
            while True:
                while self._idle and waiting:
                    worker, task = self._idle.pop(), waiting.popleft()
                    self._running[begin(worker, task)] = worker, task
                if not self._running and not waiting:
                    return
                check()
                ready = self._ready()
                if ready in self._running:
                    yield from self._next(ready, waiting)
                else:
                    self._settle(ready)
        finally:
            for stream, (worker, _) in self._running.items():
                self._abandoned[stream] = worker
                abandon(worker)
            self._running = {}

    def close(self) -> None:
        """End all workers. May be called twice."""
        import ray

        for worker in [*self._opening.values(), *self.opened]:
            ray.kill(worker.actor)
        self._opening, self._idle, self._running, self._abandoned = {}, [], {}, {}

    def _add(self) -> None:
        worker = self._start()
        self._opening[worker.actor.open.remote()] = worker

    def _ready(self) -> Any:  # noqa: ANN401  (Ray's)
        """Return something of a worker that has come, or None after a while."""
        import ray

        listed = [*self._running, *self._opening, *self._abandoned]
        ready, _ = ray.wait(listed, num_returns=1, timeout=_POLL)
        return ready[0] if ready else None

    def _next(self, stream: Any, waiting: deque[Any]) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  (Ray's)
        """Yield the next item of a task, if it has not ended; begin it again if it is lost."""
        import ray

        worker, task = self._running.pop(stream)
        try:
            item = ray.get(next(stream))
        except StopIteration:
            self._idle.append(worker)
        except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
            waiting.appendleft(task)
            self._replace(task, error)
        except ray.exceptions.RayTaskError:
            self._idle.append(worker)
            raise
        else:
            self._running[stream] = worker, task  # at the end: the others have their turn
            yield task, item

    def _settle(self, came: Any) -> None:  # noqa: ANN401  (Ray's)
        """Take note of a worker that has loaded, or that came on with an abandoned task."""
        import ray

        if came in self._opening:
            worker = self._opening.pop(came)
            try:
                ray.get(came)
            except ray.exceptions.RayActorError as error:
                self._replace("loading", error)
            else:
                self._idle.append(worker)
        elif came in self._abandoned:
            worker = self._abandoned.pop(came)
            try:
                ray.get(next(came))
            except (StopIteration, ray.exceptions.RayTaskError):
                self._idle.append(worker)
            except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError):
                self._add()
            else:
                self._abandoned[came] = worker

    def _replace(self, task: Hashable, error: Exception) -> None:
        """Start another worker for one that was lost at a task."""
        self._add()
        self._lost[task] += 1
        if self._lost[task] == _TRIES:
            message = f"{_TRIES} workers were lost at {task}: {error}"
            raise NoWorkers(message) from error

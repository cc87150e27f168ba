"""Workers with pipelines: started, sent calls with the pictures in them, listened to."""

from __future__ import annotations

import functools
import itertools
import threading
import warnings
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.cluster.held import Held, Store, pictures_in
from fabric_widget.cluster.pool import Member, WorkerPool
from fabric_widget.cluster.shares import Share, Steps
from fabric_widget.cluster.wire import pack, unpack
from fabric_widget.cluster.worker import Call, Failed, Made, PipelineWorker, Step, Warned
from fabric_widget.engine import GenerationCancelled, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.cluster.connection import Device


@dataclass(eq=False)
class Worker(Member):
    """A worker, what it holds, and the number of its run."""

    held: Held
    number: int = 0


class WorkerError(Exception):
    """The traceback of an error, from the worker where it happened."""

    def __str__(self) -> str:
        """Return the traceback on lines of its own."""
        return f"\n{self.args[0]}"


class Crew:
    """The workers of a fabric.

    Parameters
    ----------
    load
        Called in each worker: returns a pipeline or a `Fabric`.
    device
        Where a worker puts its pipeline; None leaves it where it is.
    needs
        What each worker has for itself.
    count
        How many there are.
    reference_bytes
        How much memory pictures that were sent may take in each.

    Attributes
    ----------
    pool
        The workers.
    cancelled
        Set by whoever wants the calls under way to end.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        device: str | None,
        needs: Device,
        count: int,
        reference_bytes: int,
    ) -> None:
        self._load = pack(load)
        self._device = device
        self._needs = needs
        self._store = Store(reference_bytes)
        self._numbers = itertools.count(1)
        self.cancelled = threading.Event()
        self.pool = WorkerPool(self._start, count)

    def results(
        self, calls: Mapping[Share, Call], on_step: Callable[[Progress], object] | None
    ) -> list[Any]:
        """Return what calls returned, in their order; `on_step` hears of the steps of them all.

        Raises
        ------
        GenerationCancelled
            It was cancelled.
        NoWorkers
            Three workers were lost at the same call.
        Exception
            What a call or `on_step` raised.
        """
        packed = {share: pictures_in(call) for share, call in calls.items()}
        steps, made = Steps(list(calls)), dict[Share, Any]()
        at: dict[Share, Worker] = {}

        def begin(worker: Worker, share: Share) -> Any:  # noqa: ANN401  (Ray's)
            at[share] = worker
            return self._begun(worker, *packed[share])

        self.cancelled.clear()
        events = self.pool.items(calls, begin, check=self._check, abandon=_stopped)
        with closing(events):
            for share, event in events:
                if isinstance(event, Step):
                    done, total = steps.note(share, event.step, event.steps)
                    if on_step is not None:
                        previews = functools.partial(_previews, at[share])
                        on_step(Progress(done, total, previews, share.first + event.first))
                elif isinstance(event, Warned):
                    warnings.warn(event.message, event.category, stacklevel=4)
                elif isinstance(event, Failed):
                    raise unpack(event.error) from WorkerError(event.told)
                elif isinstance(event, Made):
                    made[share] = unpack(event.result, packed[share][1].__getitem__)
        return [made[share] for share in calls]

    def _start(self) -> Worker:
        import ray

        # Previews, facts and cancelling come in beside a run.
        options = self._needs.options() | {"max_concurrency": 4}
        actor = ray.remote(PipelineWorker).options(**options).remote(self._load, self._device)
        return Worker(actor, Held(self._store.capacity))

    def _begun(self, worker: Worker, call: bytes, pictures: Mapping[str, object]) -> Any:  # noqa: ANN401
        """Send a call, with the pictures that the worker lacks; return its stream of events."""
        stored = self._store.put(pictures)
        sent, forgotten = worker.held.note(stored)
        worker.number = next(self._numbers)
        run = worker.actor.run.options(num_returns="streaming")
        data = [stored[name].reference for name in sent]
        return run.remote(worker.number, call, sent, forgotten, *data)

    def _check(self) -> None:
        if self.cancelled.is_set():
            message = "cancelled: the workers end at their next step"
            raise GenerationCancelled(message)


def _stopped(worker: Worker) -> None:
    worker.actor.cancel.remote(worker.number)


def _previews(worker: Worker) -> list[Any]:
    import ray

    try:
        previews: list[Any] = ray.get(worker.actor.previews.remote())
    except ray.exceptions.RayActorError:  # it was lost: its pictures are made by another
        return []
    return previews

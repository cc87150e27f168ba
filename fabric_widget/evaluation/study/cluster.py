"""Trials on a Ray cluster: one worker for each device; trials of lost workers run again.

Only the calling process writes results: workers need no shared disk. A trial depends only on its
settings, case and method, not on where it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fabric_widget.cluster.connection import Device, connected
from fabric_widget.cluster.pool import Member, WorkerPool
from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.result_store import Key
    from fabric_widget.evaluation.study.settings import Settings


def run_on_cluster(
    settings: Settings, cases: Mapping[int, Case], keys: Sequence[Key], address: str | None = None
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield each trial with its record as soon as it is finished, in any order.

    Parameters
    ----------
    settings
        What the trials have in common. On "cuda" there is a worker for each GPU of the cluster,
        on "cpu" one for as many cores as a trial has threads.
    cases
        Cases by number.
    keys
        What to run.
    address
        Address of the cluster; by default that of `RAY_ADDRESS` or a running local one, or else a
        cluster is started on this machine.

    Raises
    ------
    NoWorkers
        Three workers were lost at the same trial, or the cluster has no such device.
    """
    import ray

    # A worker of a GPU needs a core beside it, however many threads its trials have.
    on_gpu = settings.device.startswith("cuda")
    needs = Device(gpus=1) if on_gpu else Device(cores=settings.threads)

    def start() -> Member:
        return Member(ray.remote(_Worker).options(**needs.options()).remote(settings))

    def begin(worker: Member, trial: _Trial) -> Any:  # noqa: ANN401  (Ray's)
        run = worker.actor.run.options(num_returns="streaming")
        return run.remote(cases[trial.case], trial.method)

    with connected(address):
        pool = WorkerPool(start, min(needs.count(), len(keys)))
        try:
            for trial, record in pool.items([_Trial(*key) for key in keys], begin):
                yield (trial.case, trial.method), record
        finally:
            pool.close()


class _Trial(NamedTuple):
    """What a worker is at."""

    case: int
    method: str

    def __str__(self) -> str:
        return f"prompt {self.case} with {self.method}"


class _Worker:
    """Runs trials on one device."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resources: Resources | None = None

    def open(self) -> None:
        """Load pipeline and scorers."""
        self._resources = Resources.load(self._settings)

    def run(self, case: Case, method: str) -> Iterator[dict[str, Any]]:
        """Run a trial, and yield its record."""
        assert self._resources is not None  # noqa: S101  (for type checkers: opened by the pool)
        yield run_trial(self._resources, case, method)

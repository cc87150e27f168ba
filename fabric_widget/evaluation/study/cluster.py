"""Trials on a Ray cluster: one actor for each device; trials of lost workers run again.

Only the calling process writes results: workers need no shared disk. A trial depends only on its
settings, case and method, not on where it runs.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.result_store import Key
    from fabric_widget.evaluation.study.settings import Settings

_TRIES = 3


class NoWorkers(RuntimeError):  # noqa: N818  (public name: it says what is the matter)
    """The cluster has nothing to work with, or loses it again and again."""


def check_installed() -> None:
    """Raise unless Ray is available.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        message = "Ray is not installed: pip install fabric-widget[cluster]"
        raise ModuleNotFoundError(message)


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

    os.environ.setdefault(
        "RAY_USAGE_STATS_ENABLED", "0"
    )  # a new cluster would report to its makers
    started = not ray.is_initialized()
    if started:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    try:
        yield from _WorkerPool(settings, cases, keys).results()
    finally:
        if started:
            ray.shutdown()


class _Worker:
    """Runs trials on one device."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resources: Resources | None = None

    def open(self) -> None:
        """Load pipeline and scorers; errors of the constructor would look like a lost worker."""
        self._resources = Resources.load(self._settings)

    def run(self, case: Case, method: str) -> dict[str, Any]:
        """Run a trial."""
        if self._resources is None:
            self.open()
        assert self._resources is not None  # noqa: S101  (for type checkers)
        return run_trial(self._resources, case, method)


class _WorkerPool:
    """All workers and the trials that they run."""

    def __init__(self, settings: Settings, cases: Mapping[int, Case], keys: Sequence[Key]) -> None:
        import ray

        self._ray = ray
        self._settings = settings
        self._cases = cases
        self._waiting = deque(keys)
        self._lost: Counter[Key | None] = Counter()
        self._busy: dict[Any, tuple[Any, Key | None]] = {}
        self._idle: list[Any] = []
        on_gpu = settings.device.startswith("cuda")
        self._needs = {"num_gpus": 1} if on_gpu else {"num_cpus": settings.threads}
        available = ray.cluster_resources()
        devices = available.get("GPU", 0) if on_gpu else available.get("CPU", 0) // settings.threads
        if not devices:
            message = (
                f"the cluster has no {'GPU' if on_gpu else f'{settings.threads} free cores'}: "
                "choose another device, or fewer threads"
            )
            raise NoWorkers(message)
        for _ in range(min(int(devices), len(keys))):
            self._start_worker()

    def results(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        while self._waiting or any(key for _, key in self._busy.values()):
            (done, *_), _ = self._ray.wait(list(self._busy), num_returns=1)
            worker, key = self._busy.pop(done)
            try:
                record = self._ray.get(done)
            except (
                self._ray.exceptions.RayActorError,
                self._ray.exceptions.ObjectLostError,
            ) as error:
                self._replace_worker(key, error)
                continue
            self._idle.append(worker)
            self._assign()  # before yielding: the caller may be slow
            if key is not None:
                yield key, record

    def _start_worker(self) -> None:
        worker = self._ray.remote(_Worker).options(**self._needs).remote(self._settings)
        self._busy[worker.open.remote()] = (worker, None)

    def _assign(self) -> None:
        while self._idle and self._waiting:
            worker, key = self._idle.pop(), self._waiting.popleft()
            self._busy[worker.run.remote(self._cases[key[0]], key[1])] = (worker, key)

    def _replace_worker(self, key: Key | None, error: Exception) -> None:
        """Start another worker for a lost one, and queue the lost trial again."""
        self._start_worker()
        self._lost[key] += 1
        if self._lost[key] == _TRIES:
            at = "loading" if key is None else f"prompt {key[0]} with {key[1]}"
            message = f"{_TRIES} workers were lost at {at}: {error}"
            raise NoWorkers(message) from error
        if key is not None:
            self._waiting.appendleft(key)
            self._assign()

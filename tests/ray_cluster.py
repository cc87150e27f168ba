"""A Ray cluster on this machine, started once for all tests of a process, and a fabric over it."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OBJECTS = 80 * 2**20  # bytes: the least that Ray takes
_ATTEMPTS = 4
_SETTINGS = {
    # Ray's workers give way to every other process: beside other tests they would never be done.
    "RAY_worker_niceness": "0",
    "RAY_raylet_start_wait_time_s": "60",
    "RAY_USAGE_STATS_ENABLED": "0",
}
# A library that Ray imports, if it is there, builds a grammar for seconds: in each of Ray's
# processes, whose agents have to be up within fifteen.
_SLOW = "rfc3987_syntax.py"


@contextmanager
def ray_settings(folder: Path) -> Iterator[None]:
    """Set what Ray's processes inherit."""
    (folder / _SLOW).write_text("raise ImportError\n", encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        for name, value in (_SETTINGS | {"PYTHONPATH": path}).items():
            patch.setenv(name, value)
        yield


@contextmanager
def urgent() -> Iterator[None]:
    """Let what is started begin before other processes, where that is allowed."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def started(start: Callable[[], Any]) -> Any:
    """Return what `start` returns: called again, if a busy machine lets Ray's agents be late."""
    import ray

    for _ in range(_ATTEMPTS - 1):
        try:
            return start()
        except Exception:  # noqa: BLE001  (Ray raises no other)
            ray.shutdown()
    return start()


def start_ray() -> None:
    """Start Ray on this machine."""
    import ray

    with urgent():
        ray.init(
            address="local",
            num_cpus=4,
            num_gpus=2,  # in name alone
            include_dashboard=False,
            object_store_memory=OBJECTS,
            log_to_driver=False,
            logging_level="error",
        )


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Join a cluster on this machine with four cores and two GPUs, in name alone."""
    ray = pytest.importorskip("ray")
    with ray_settings(tmp_path_factory.mktemp("ray")):
        started(start_ray)
        yield
        ray.shutdown()


@pytest.fixture(scope="session")
def shared_fabric(ray_cluster: None) -> Iterator[Any]:
    """Return a fabric with two workers, each with a GPU of its own, in name alone."""
    from fabric_widget import DistributedFabric, load_demo

    del ray_cluster
    with DistributedFabric(load_demo, device="cpu") as fabric:
        yield fabric

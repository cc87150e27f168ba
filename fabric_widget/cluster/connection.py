"""Join a Ray cluster, or start one on this machine; what each worker needs of it."""

from __future__ import annotations

import importlib.util
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def connect(address: str | None = None) -> bool:
    """Join a cluster; return whether this process had not joined one before.

    Parameters
    ----------
    address
        Of the cluster; by default that of `RAY_ADDRESS` or a running local one, or else a cluster
        is started on this machine.

    Raises
    ------
    ModuleNotFoundError
        Ray is not installed.
    """
    check_installed()
    import ray

    # A new cluster would report to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if ray.is_initialized():
        return False
    ray.init(address=address, log_to_driver=False, logging_level="error")
    return True


@contextmanager
def connected(address: str | None = None) -> Iterator[None]:
    """Join a cluster for a while, and leave it if that was new; `address` as for `connect`."""
    joined = connect(address)
    import ray

    try:
        yield
    finally:
        if joined:
            ray.shutdown()


@dataclass(frozen=True)
class Device:
    """What a worker has for itself.

    Parameters
    ----------
    gpus
        GPUs, or a part of one; 0 for a worker on the CPU.
    cores
        Cores, 1 or more; Ray gives a worker as many threads.
    """

    gpus: float = 0
    cores: int = 1

    def options(self) -> dict[str, float]:
        """Return what Ray is asked for."""
        return {"num_cpus": self.cores} | ({"num_gpus": self.gpus} if self.gpus else {})

    def count(self) -> int:
        """Return how many workers the cluster that was joined has room for.

        Raises
        ------
        NoWorkers
            None.
        """
        import ray

        has = ray.cluster_resources()
        found = int(has.get("CPU", 0) // self.cores)
        if self.gpus:
            found = min(found, int(has.get("GPU", 0) // self.gpus))
        if not found:
            lacks = f"{self.cores} free core{'s' * (self.cores != 1)}"
            if self.gpus and has.get("GPU", 0) < self.gpus:
                lacks = "GPU" if self.gpus <= 1 else f"{self.gpus:g} GPUs"
            message = f"the cluster has no {lacks}: choose another device, or fewer threads"
            raise NoWorkers(message)
        return found

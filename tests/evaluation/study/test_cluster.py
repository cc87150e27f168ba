"""A Ray cluster: equal to one process to the bit, also if workers or a node are lost on the way."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.__main__ import main
from fabric_widget.cluster import check_installed
from fabric_widget.cluster.connection import Device
from fabric_widget.cluster.pool import WorkerPool
from fabric_widget.evaluation.study.result_store import ResultStore
from tests.ray_cluster import OBJECTS, ray_settings, started, urgent

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from pathlib import Path

    from fabric_widget.evaluation.study.result_store import Key

SMALL = ["--limit", "2", "--rounds", "2", "--images", "2", "--steps", "2", "--threads", "1"]
METHODS = ["--methods", "none,ours"]


def evaluate(out: Path, *options: str) -> dict[str, Any]:
    """Run the command and return every trial's record without what it cost."""
    assert main(["evaluate", *SMALL, *METHODS, "--quiet", "--out", str(out), *options]) == 0
    found = {}
    for path in (out / "trials").glob("*.json"):
        found[path.name] = json.loads(path.read_text(encoding="utf-8"))
        del found[path.name]["costs"]
    return found


def found_with_a_loss(out: Path, lose: Callable[[], object]) -> dict[str, Any]:
    """Return the records of a cluster that loses something after its first trial."""
    lost: list[Hashable] = []
    put, replace = ResultStore.put, WorkerPool._replace
    losing = [lose]

    def put_and_lose(folder: ResultStore, key: Key, record: Any) -> None:
        if losing:  # the first trial is finished, the workers are at their next
            losing.pop()()
        put(folder, key, record)

    def noting(pool: Any, task: Hashable, error: Exception) -> None:
        lost.append(task)
        replace(pool, task, error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResultStore, "put", put_and_lose)
        patch.setattr(WorkerPool, "_replace", noting)
        found = evaluate(out, "--ray")
    assert lost
    assert len(found) == 4
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_that_loses_a_worker_gives_what_one_process_gives(
    ray_cluster: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del ray_cluster
    import ray

    pools, start = list[Any](), WorkerPool.__init__

    def noted(pool: Any, *arguments: Any) -> None:
        pools.append(pool)
        start(pool, *arguments)

    def lose() -> None:
        worker, _ = next(iter(pools[0]._running.values()))  # the other one, at its trial
        ray.kill(worker.actor)

    monkeypatch.setattr(WorkerPool, "__init__", noted)
    monkeypatch.setattr(Device, "count", lambda _: 2)
    found = found_with_a_loss(tmp_path / "cluster", lose)
    assert found == evaluate(tmp_path / "here")


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Any]:
    """Return a cluster on this machine with two nodes that work and one that leads."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    def start() -> tuple[Any, list[Any]]:
        cluster = Cluster()
        with urgent():
            cluster.add_node(num_cpus=0, object_store_memory=OBJECTS)
            workers = [cluster.add_node(num_cpus=1, object_store_memory=OBJECTS) for _ in range(2)]
        cluster.wait_for_nodes()
        return cluster, workers

    with ray_settings(tmp_path):
        cluster, workers = started(start)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
        yield cluster, workers
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.soak  # a node is missed after its heart has not beaten for long
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_that_loses_a_node_gives_what_one_process_gives(
    nodes: Any, tmp_path: Path
) -> None:
    cluster, workers = nodes

    def lose() -> None:
        cluster.remove_node(workers.pop(), allow_graceful=False)

    found = found_with_a_loss(tmp_path / "cluster", lose)
    assert found == evaluate(tmp_path / "here")


def test_without_ray_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError):
        check_installed()
    assert main(["evaluate", "--ray", "--out", str(tmp_path)]) == 2
    assert "pip install fabric-widget[cluster]" in capsys.readouterr().err

"""A Ray cluster: equal to one process to the bit, also if a node is lost on the way."""

from __future__ import annotations

import importlib.util
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.__main__ import main
from fabric_widget.evaluation.study import cluster as module
from fabric_widget.evaluation.study.cluster import check_installed
from fabric_widget.evaluation.study.result_store import ResultStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fabric_widget.evaluation.study.result_store import Key

SMALL = ["--limit", "3", "--rounds", "2", "--images", "2", "--steps", "2", "--threads", "1"]
METHODS = ["--methods", "none,ours"]
_OBJECTS = 80 * 2**20  # bytes: the least that Ray takes
_ATTEMPTS = 4


def evaluate(out: Path, *options: str) -> dict[str, Any]:
    """Run the command and return every trial's record without what it cost."""
    assert main(["evaluate", *SMALL, *METHODS, "--quiet", "--out", str(out), *options]) == 0
    found = {}
    for path in (out / "trials").glob("*.json"):
        found[path.name] = json.loads(path.read_text(encoding="utf-8"))
        del found[path.name]["costs"]
    return found


def start_cluster() -> tuple[Any, list[Any]]:
    """Return a cluster and its two nodes that work.

    A node of Ray dies if its agents do not answer within 15 seconds, which beside many other
    processes they may not. Then it is started again.
    """
    from ray.cluster_utils import Cluster

    for left in reversed(range(_ATTEMPTS)):
        cluster = None
        try:
            cluster = Cluster()
            cluster.add_node(num_cpus=0, object_store_memory=_OBJECTS)
            workers = [cluster.add_node(num_cpus=1, object_store_memory=_OBJECTS) for _ in range(2)]
            cluster.wait_for_nodes()
        except Exception:
            if cluster is not None:
                cluster.shutdown()
            if not left:
                raise
        else:
            return cluster, workers
    raise AssertionError


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a cluster on this machine with two nodes that work and one that leads."""
    ray = pytest.importorskip("ray")
    # Ray's workers give way to every other process: beside other tests they would never be done.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "60")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        cluster, workers = start_cluster()
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
        yield cluster, workers
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_that_loses_a_node_gives_what_one_process_gives(
    nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, workers = nodes
    lost = []
    put, replace = ResultStore.put, module._WorkerPool._replace_worker

    def losing_a_node(folder: ResultStore, key: Key, record: Any) -> None:
        if workers:  # the first trial is finished, both workers are at their next
            cluster.remove_node(workers.pop(), allow_graceful=False)
            workers.clear()
        put(folder, key, record)

    def noting(crew: Any, key: Key | None, error: Exception) -> None:
        lost.append(key)
        replace(crew, key, error)

    with monkeypatch.context() as patch:
        patch.setattr(ResultStore, "put", losing_a_node)
        patch.setattr(module._WorkerPool, "_replace_worker", noting)
        found = evaluate(tmp_path / "cluster", "--ray")
    assert lost
    assert len(found) == 6
    assert found == evaluate(tmp_path / "here")


def test_without_ray_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError):
        check_installed()
    assert main(["evaluate", "--ray", "--out", str(tmp_path)]) == 2
    assert "pip install fabric-widget[cluster]" in capsys.readouterr().err

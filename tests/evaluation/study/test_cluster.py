"""A Ray cluster: equal to one process to the bit, also if a node is lost on the way."""

from __future__ import annotations

import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.study import cluster as module
from fabric_widget.evaluation.study.cases import sampled_cases
from fabric_widget.evaluation.study.cluster import check_installed, run_on_cluster
from fabric_widget.evaluation.study.local import run_here
from fabric_widget.evaluation.study.settings import Settings
from fabric_widget.evaluation.study.studio import Studio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.evaluation.study.folder import Key

SETTINGS = Settings(
    scorers=("taste", "luminance"),
    features="reader",
    rounds=2,
    images=2,
    arguments={"num_inference_steps": 2},
    threads=1,
)
CASES = {case.index: case for case in sampled_cases(0).cases[:3]}
KEYS = [(index, method) for index in CASES for method in ("none", "ours")]
_OBJECTS = 80 * 2**20  # bytes: the least that Ray takes


def results(found: Any) -> dict[Any, Any]:
    return {key: {n: v for n, v in record.items() if n != "costs"} for key, record in found}


@pytest.fixture
def nodes() -> Iterator[Any]:
    """Return a cluster on this machine with two nodes that work and one that leads."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "object_store_memory": _OBJECTS},
        )
        workers = [cluster.add_node(num_cpus=1, object_store_memory=_OBJECTS) for _ in range(2)]
        cluster.wait_for_nodes()
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
        yield cluster, workers
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_node_gives_what_one_process_gives(
    nodes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, workers = nodes
    lost = []
    replace = module._Crew._replace

    def noting(crew: Any, key: Key | None, error: Exception) -> None:
        lost.append(key)
        replace(crew, key, error)

    monkeypatch.setattr(module._Crew, "_replace", noting)
    found: list[Any] = []
    for result in run_on_cluster(SETTINGS, CASES, KEYS):
        if not found:  # both workers are at a trial now
            cluster.remove_node(workers[0], allow_graceful=False)
        found.append(result)
    assert lost
    assert sorted(key for key, _ in found) == sorted(KEYS)
    assert results(found) == results(run_here(Studio.load(SETTINGS), CASES, KEYS))


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install fabric-widget\[cluster\]"):
        check_installed()

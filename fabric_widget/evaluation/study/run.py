"""Run a study: the trials that its folder lacks, in this process or on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.methods import load_method
from fabric_widget.evaluation.study.cluster import run_on_cluster
from fabric_widget.evaluation.study.in_process import run_in_process
from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.result_store import ResultStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.result_store import Key
    from fabric_widget.evaluation.study.settings import Settings

    Record = dict[str, Any]


def run_study(
    settings: Settings,
    cases: Iterable[Case],
    methods: Sequence[str],
    path: Path,
    *,
    resources: Resources | None = None,
    cluster: str | None = None,
    on_round: Callable[[], object] | None = None,
) -> list[Record]:
    """Run the trials of a study that its folder lacks, and return all of them.

    Each trial is stored as soon as it is finished: after an interruption the same call does the
    rest. Nothing is loaded if no trial is missing.

    Parameters
    ----------
    settings
        What all trials have in common. `settings.cases` is the digest of the source of the cases:
        it distinguishes studies of different prompts.
    cases
        The prompts, such as the first few of `sampled_cases(seed).cases`.
    methods
        Names that `load_method` knows.
    path
        The folder; made if it does not exist.
    resources
        Pipeline and scorers, if they are already loaded.
    cluster
        Address of a Ray cluster, or "" for that of this machine; by default trials run here, one
        after the other.
    on_round
        Called after each round; on a cluster after each trial, once for each of its rounds.

    Returns
    -------
    list of dict
        One record for each trial, prompt by prompt, methods in the order given;
        `fabric_widget.evaluation.report.study_summary.summarize` summarizes them.

    Raises
    ------
    OtherConfiguration
        The folder has results of other settings.
    UnknownMethod, UnknownScorer, MissingWeights
        There is no method or scorer of that name, or its weights are missing.
    NoWorkers
        The cluster has no such device, or lost its workers.
    OSError
        The pipeline does not exist, or the folder cannot be written.
    """
    for name in methods:
        load_method(name)
    numbered = {case.index: case for case in cases}
    keys = [(index, method) for index in numbered for method in methods]
    folder = ResultStore(path, settings)
    missing = folder.missing(keys)
    if missing:
        found = (
            run_in_process(resources or Resources.load(settings), numbered, missing, on_round)
            if cluster is None
            else _on_cluster(settings, numbered, missing, cluster, on_round)
        )
        for key, record in found:
            folder.put(key, record)
    return folder.read(keys)


def _on_cluster(
    settings: Settings,
    cases: Mapping[int, Case],
    keys: Sequence[Key],
    cluster: str,
    on_round: Callable[[], object] | None,
) -> Iterator[tuple[Key, Record]]:
    for found in run_on_cluster(settings, cases, keys, cluster or None):
        if on_round is not None:
            for _ in range(settings.rounds):
                on_round()
        yield found

"""Trials one after the other, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.study.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.resources import Resources
    from fabric_widget.evaluation.study.result_store import Key


def run_in_process(
    resources: Resources,
    cases: Mapping[int, Case],
    keys: Sequence[Key],
    on_round: Callable[[], object] | None = None,
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield each trial with its record as soon as it is finished.

    Parameters
    ----------
    resources
        Pipeline, scorers, simulated user.
    cases
        Cases by number.
    keys
        The trials to run, in this order.
    on_round
        Called after each round.
    """
    for key in keys:
        index, method = key
        yield key, run_trial(resources, cases[index], method, on_round)

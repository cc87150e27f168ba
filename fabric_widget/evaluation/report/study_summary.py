"""Estimates of a study: means over prompts, bootstrap intervals, effects against each baseline.

All intervals are 95 % percentile bootstraps (Efron 1979) that resample prompts. Methods are
compared prompt by prompt, which removes what prompts and seeds change in all methods alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fabric_widget.evaluation.methods import METHODS
from fabric_widget.evaluation.scorers import frechet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Record = dict[str, Any]

_RESAMPLES = 10_000
_OF_SCORES = ("best", "area", "max", "mean", "min")
_OF_ROUNDS = ("similarity_liked", "similarity_disliked", "diversity", "saturation", "contrast")
_OF_COSTS = ("seconds", "peak_bytes", "rows")


@dataclass(frozen=True)
class Estimate:
    """A mean over prompts and its 95 % interval; `count` says over how many."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Effect:
    """The difference between a method and a baseline in the last round, prompt by prompt."""

    method: str
    baseline: str
    measure: str
    estimate: Estimate


@dataclass(frozen=True)
class Summary:
    """All estimates of a study.

    Parameters
    ----------
    prompts
        How many were finished with every method.
    methods
        In the order they were asked for.
    scorers
        Those that report.
    rounds
        ``rounds[method][measure]`` has an estimate for each round, or None where it has no
        value. Measures of a scorer are called "scorer.mean" and so on.
    effects
        Of each method that is no baseline, against each that is; if all are, against the first.
    frechet
        ``frechet[method]`` has, for each round, the distance of all its pictures' features to those
        of the first method's first round; empty if features were not kept.
    """

    prompts: int
    methods: tuple[str, ...]
    scorers: tuple[str, ...]
    rounds: Mapping[str, Mapping[str, tuple[Estimate | None, ...]]]
    effects: tuple[Effect, ...]
    frechet: Mapping[str, tuple[float, ...]]


def figures(record: Record) -> list[dict[str, Any]]:
    """Return the measures of each round of a trial.

    Best is over all pictures so far, and area the mean of the rounds' bests: the area under that
    curve. Max, mean and min are over the round. Drifts are relative to
    the trial's first round: differences of saturation and contrast, and the distance of the mean
    colours in CIE L*a*b*.
    """
    first = record["rounds"][0]
    best: dict[str, float] = {}
    bests: dict[str, list[float]] = {}
    found = []
    for made, cost in zip(record["rounds"], record["costs"], strict=True):
        row: dict[str, Any] = {}
        for name, score in made["scores"].items():
            values = score["values"]
            best[name] = score.get("best", max([*values, best.get(name, -np.inf)]))
            bests.setdefault(name, []).append(best[name])
            area = float(np.mean(bests[name]))
            of_round = (best[name], area, max(values), float(np.mean(values)), min(values))
            row |= {f"{name}.{kind}": x for kind, x in zip(_OF_SCORES, of_round, strict=True)}
        row |= {name: made[name] for name in _OF_ROUNDS}
        row["saturation_drift"] = made["saturation"] - first["saturation"]
        row["contrast_drift"] = made["contrast"] - first["contrast"]
        row["color_drift"] = float(np.linalg.norm(np.subtract(made["color"], first["color"])))
        row |= {name: cost[name] for name in _OF_COSTS}
        found.append(row)
    return found


def summarize(records: Sequence[Record], methods: Sequence[str]) -> Summary:
    """Summarize the prompts that were finished with every one of these methods.

    Raises
    ------
    ValueError
        There is no such prompt.
    """
    by_method = {m: {r["case"]: r for r in records if r["method"] == m} for m in methods}
    cases = sorted(set.intersection(*(set(found) for found in by_method.values())))
    if not cases:
        message = f"no prompt is finished with each of {', '.join(methods)}"
        raise ValueError(message)
    tables = {m: _table([found[case] for case in cases]) for m, found in by_method.items()}
    picks = np.random.default_rng(0).integers(len(cases), size=(_RESAMPLES, len(cases)))
    rounds = {
        method: {
            name: tuple(_estimate(values, picks) for values in columns)
            for name, columns in table.items()
        }
        for method, table in tables.items()
    }
    any_record = by_method[methods[0]][cases[0]]
    return Summary(
        prompts=len(cases),
        methods=tuple(methods),
        scorers=tuple(any_record["rounds"][0]["scores"]),
        rounds=rounds,
        effects=tuple(_effects(tables, picks)),
        frechet=_distances({m: [found[c] for c in cases] for m, found in by_method.items()}),
    )


def plain(summary: Summary) -> dict[str, Any]:
    """Return a summary for JSON."""
    return {
        "prompts": summary.prompts,
        "methods": {
            method: {
                name: [None if e is None else _plain_estimate(e) for e in estimates]
                for name, estimates in measures.items()
            }
            for method, measures in summary.rounds.items()
        },
        "effects": [
            {"method": e.method, "baseline": e.baseline, "measure": e.measure}
            | _plain_estimate(e.estimate)
            for e in summary.effects
        ],
        "frechet": {method: list(values) for method, values in summary.frechet.items()},
    }


def _plain_estimate(estimate: Estimate) -> dict[str, float]:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high}


def _table(records: Sequence[Record]) -> dict[str, list[NDArray[np.float64]]]:
    """Return, for each measure, its values over prompts in each round; NaN where there is none."""
    rows = [figures(record) for record in records]
    count = min(len(row) for row in rows)
    return {
        name: [np.array([row[n][name] for row in rows], dtype=np.float64) for n in range(count)]
        for name in rows[0][0]
    }


def _estimate(values: NDArray[np.float64], picks: NDArray[np.int64]) -> Estimate | None:
    """Return the mean of the finite values and its interval."""
    finite = np.isfinite(values)
    if not finite.any():
        return None
    mean = float(values[finite].mean())
    drawn, kept = np.where(finite, values, 0)[picks], finite[picks].sum(axis=1)
    means = drawn.sum(axis=1)[kept > 0] / kept[kept > 0]
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    return Estimate(mean, low, high, int(finite.sum()))


def _effects(
    tables: Mapping[str, Mapping[str, Sequence[NDArray[np.float64]]]], picks: NDArray[np.int64]
) -> Iterator[Effect]:
    baselines = [name for name in tables if name in METHODS and METHODS[name].baseline]
    judged = [name for name in tables if name not in baselines]
    if not judged:
        baselines, judged = baselines[:1], baselines[1:]
    for method in judged:
        for baseline in baselines:
            for measure, columns in tables[method].items():
                difference = columns[-1] - tables[baseline][measure][-1]
                estimate = _estimate(difference, picks)
                if estimate is not None:
                    yield Effect(method, baseline, measure, estimate)


def _distances(records: Mapping[str, Sequence[Record]]) -> dict[str, tuple[float, ...]]:
    """Return Fréchet distances to the first round of the first method, if features were kept."""
    first = next(iter(records.values()))
    if "features" not in first[0]["rounds"][0]:
        return {}

    def features(found: Sequence[Record], number: int) -> NDArray[np.float64]:
        return np.concatenate([np.array(r["rounds"][number]["features"]) for r in found])

    start = features(first, 0)
    return {
        method: tuple(frechet(start, features(found, n)) for n in range(len(found[0]["rounds"])))
        for method, found in records.items()
    }

"""The tables of a study: scores round by round, other measures of the last round, effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.cli.table import aligned

if TYPE_CHECKING:
    from fabric_widget.evaluation.report.study_summary import Estimate, Summary
    from fabric_widget.evaluation.study.settings import Settings

_LAST_ROUND = {
    "similarity_liked": "to liked",
    "similarity_disliked": "to disliked",
    "diversity": "diversity",
    "color_drift": "colour drift",
    "seconds": "seconds",
}


def tables(settings: Settings, summary: Summary) -> str:
    """Return the tables of a study."""
    count = f"{summary.prompts} prompts, {settings.rounds} rounds of {settings.images} pictures"
    blocks = [f"{settings.protocol}: {count}, {settings.voter} votes; 95 % intervals over prompts"]
    blocks += [_scores(settings, summary, name) for name in summary.scorers]
    blocks.append(_last_round(summary))
    blocks += [_effects(summary, name) for name in summary.scorers]
    return "\n\n".join(filter(None, blocks))


def _scores(settings: Settings, summary: Summary, name: str) -> str:
    title = name + (" (votes itself)" if name == settings.voter else "")
    heads = (title, *(f"round {n}" for n in range(1, settings.rounds + 1)), "best so far")
    rows = [
        (method, *map(_interval, found[f"{name}.mean"]), _interval(found[f"{name}.best"][-1]))
        for method, found in summary.rounds.items()
    ]
    return aligned(heads, rows, texts=(0,))


def _last_round(summary: Summary) -> str:
    rows = [
        (method, *(_mean(found[name][-1]) for name in _LAST_ROUND))
        for method, found in summary.rounds.items()
    ]
    return aligned(("last round", *_LAST_ROUND.values()), rows, texts=(0,))


def _effects(summary: Summary, name: str) -> str:
    """Return the differences to each baseline; "" if there are none."""
    found = [effect for effect in summary.effects if effect.measure == f"{name}.mean"]
    rows = [(f"{e.method} − {e.baseline}", _interval(e.estimate, sign="+")) for e in found]
    return aligned((f"effect on {name}, last round", "mean"), rows, texts=(0,)) if rows else ""


def _interval(estimate: Estimate | None, sign: str = "") -> str:
    if estimate is None:
        return "–"
    mean, low, high = (f"{x:{sign}.3f}" for x in (estimate.mean, estimate.low, estimate.high))
    return f"{mean} [{low}, {high}]"


def _mean(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.mean:.3f}"

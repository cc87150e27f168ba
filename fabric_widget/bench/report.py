"""Turn samples into medians, quartiles and ratios, for JSON.

A ratio compares two rounds of one repetition; its median and quartiles are those of the ratios of
all repetitions, not a ratio of medians.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fabric_widget.bench.loading import BASE, STATEMENTS
from fabric_widget.bench.measure import Failure, FlopCount, Sample
from fabric_widget.bench.methods import PLAIN, schedule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fabric_widget.bench.loading import Loaded
    from fabric_widget.bench.methods import Variant
    from fabric_widget.bench.plan import Plan

    Finding = FlopCount | Sample | Failure


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Return the median and the quartiles, or None of nothing."""
    if not values:
        return None
    if len(values) == 1:
        return {"median": values[0], "low": values[0], "high": values[0]}
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": median, "low": low, "high": high}


def target_figures(plan: Plan, parameters: int, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return all figures of one target.

    Parameters
    ----------
    plan
        What was measured.
    parameters
        Of the target's denoiser.
    findings
        The findings, in any order; the last ones may be missing.

    Returns
    -------
    dict
        Times in seconds, memory in bytes, operations of one step; None if unknown. A
        row's `floor`, of UNets alone, is the least arithmetic of attention to all tokens of its
        references, relative to a plain step: 1 + n·A/2F, with A the attention of one row of the
        batch to one reference and F all that the denoiser does for that row.
    """
    counts = [finding for finding in findings if isinstance(finding, FlopCount)]
    samples = [finding for finding in findings if isinstance(finding, Sample)]
    plain = next((count for count in counts if count.variant == PLAIN), None)
    return {
        "name": plan.target.name,
        "title": plan.target.title,
        "denoiser_parameters": parameters,
        "guidance": plan.target.guidance,
        "device": plan.device,
        "dtype": plan.dtype,
        **asdict(plan.size),
        "references": list(plan.references),
        "disliked": plan.disliked,
        "schedule": asdict(schedule_of(plan)),
        "cache_bytes": plan.cache_bytes,
        "published_offload": plan.offload,
        "plain": {
            "step_seconds": spread([s.step_seconds for s in samples if s.variant == PLAIN]),
            "flops": plain.flops if plain else None,
            "self_attention_flops": plain.self_attention if plain else None,
        },
        "rows": [
            _row(plan, plain, count, [s for s in samples if _key(s) == _key(count)], samples)
            for count in counts
        ],
        "failures": [
            {"method": f.variant.method, "mode": f.variant.mode, "references": f.references}
            for f in findings
            if isinstance(f, Failure)
        ],
    }


def floor(plan: Plan, plain: FlopCount, references: int) -> float:
    """Return the least arithmetic of a step with so many references, relative to a plain step."""
    rows = 2 * plan.size.pictures
    of_one_reference = (plain.self_attention or 0) / rows
    return 1 + references * plan.size.pictures * of_one_reference / plain.flops


def loading_figures(loaded: Sequence[Loaded]) -> list[dict[str, Any]]:
    """Return for each statement its seconds, and ratios to `BASE` within a repetition."""
    base = {x.repeat: x.seconds for x in loaded if x.statement == BASE}
    figures = []
    for statement in STATEMENTS:
        samples = [x for x in loaded if x.statement == statement]
        figures.append(
            {
                "statement": statement,
                "seconds": spread([x.seconds for x in samples]),
                "ratio": spread([x.seconds / base[x.repeat] for x in samples if x.repeat in base]),
                "samples": [x.seconds for x in samples],
            }
        )
    return figures


def _key(finding: FlopCount | Sample) -> tuple[Variant, int]:
    return finding.variant, finding.references


def _row(
    plan: Plan,
    plain: FlopCount | None,
    count: FlopCount,
    own: Sequence[Sample],
    samples: Sequence[Sample],
) -> dict[str, Any]:
    beside = {
        s.repeat: s for s in samples if s.variant == PLAIN and s.references == count.references
    }
    pairs = [(sample, beside[sample.repeat]) for sample in own if sample.repeat in beside]
    liked, disliked = plan.sides(count.references)
    return {
        "method": count.variant.method,
        "mode": count.variant.mode,
        "references": count.references,
        "liked": liked,
        "disliked": disliked,
        "step_seconds": spread([s.step_seconds for s in own]),
        "ratio": spread([s.step_seconds / p.step_seconds for s, p in pairs]),
        "round_seconds": spread([s.round_seconds for s in own]),
        "round_ratio": spread([s.round_seconds / p.round_seconds for s, p in pairs]),
        "flops": count.flops,
        "flop_ratio": count.flops / plain.flops if plain else None,
        "floor": floor(plan, plain, count.references) if plain and plain.self_attention else None,
        "peak_bytes": _of_known(max, (s.peak_bytes for s in own)),
        "cache_bytes": _of_known(max, (s.cache_bytes for s in own)),
        "remembered": _of_known(min, (s.remembered for s in own)),
        "samples": [_sample(s) for s in own],
    }


def _sample(sample: Sample) -> dict[str, Any]:
    figures = asdict(sample)
    del figures["variant"], figures["references"]  # the row says them
    return figures


def _of_known(choose: Callable[[list[Any]], Any], values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return choose(known) if known else None

"""What feedback costs at the sizes that people use: the bench, with random weights.

Numbers of references come one after the other, the fewest first, so that what there was time for is
whole. On a CPU tiny pipelines of the same kinds stand in.
"""

from __future__ import annotations

import functools
import math
import time
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from fabric_widget.bench.measure import FlopCount, Sample, measure
from fabric_widget.bench.plan import TARGETS, Plan, Size
from fabric_widget.bench.report import target_figures
from fabric_widget.bench.targets import TargetPipeline, build
from fabric_widget.gpu.check import Check, Found
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.bench.report import Finding
    from fabric_widget.gpu.place import Place

_REFERENCES = (1, 8, 32)
_FEW_REFERENCES = (1, 8)
_DRY_REFERENCES = (2,)
_MOST_RATIO = 1.25  # of a later round to a plain one
_HELD = 15 * 10**9  # bytes: what a small cloud GPU has
_STAND_INS = {
    "sd15": "SD 1",
    "sdxl": "SDXL",
    "sd35-medium": "SD 3",
    "sd35-large": "SD 3",
    "flux": "Flux",
}
_TINY = Size(pictures=1, latent=8, steps=1, repeats=1)
_SMOKE_SIZE = Size(pictures=1, latent=64, steps=2, repeats=1)


def usual(place: Place) -> Iterator[Check]:
    """Yield the checks of what most people use."""
    yield _check("sd15", "float16", 512, 40, held=True)
    if place.smoke:
        return
    yield _check("sdxl", "float16", 1024, 70, held=True)
    yield _check("sd35-medium", "bfloat16", 1024, 50, held=True)
    yield _check("flux", "bfloat16", 1024, 80)


def further(place: Place) -> Iterator[Check]:
    """Yield those for which there may be no time."""
    if not (place.smoke or place.dry):
        yield _check("sd35-large", "bfloat16", 1024, 60)
        yield _check("sd15", "bfloat16", 512, 30, held=True)


def _check(target: str, dtype: str, side: int, seconds: float, *, held: bool = False) -> Check:
    memory = ", in 15 GB" if held else ""
    return Check(
        "shapes",
        f"{target}, {side} × {side}, {dtype}{memory}",
        f"a later round takes no more than {_MOST_RATIO} times a plain one",
        functools.partial(_measured, name=target, dtype=dtype, seconds=seconds, held=held),
        seconds=seconds,
    )


def _measured(place: Place, *, name: str, dtype: str, seconds: float, held: bool) -> Found:
    end = math.inf if place.dry else time.monotonic() + seconds  # a busy CPU fails nothing
    plan = _plan(place, name, dtype)
    findings: list[Finding] = []
    with place.held_to(_HELD) if held else nullcontext():
        target = _tiny(plan) if place.dry else build(plan)
        if held:  # the bench would count on half of the card's own free memory
            plan = replace(plan, cache_bytes=(_HELD - place.allocated) // 4)
        parameters = sum(x.numel() for x in target.denoiser.parameters())
        each = (replace(plan, references=(count,)) for count in plan.references)
        for finding in chain.from_iterable(measure(one, target, lambda *_: None) for one in each):
            findings.append(finding)
            if time.monotonic() > end:
                break
    return _found(place, target_figures(plan, parameters, findings), plan, findings)


def _plan(place: Place, name: str, dtype: str) -> Plan:
    target = TARGETS[name]
    references: tuple[int, ...]
    if place.dry:
        target = replace(target, on_cpu=_TINY, coarsest=2)
        size, dtype, references = _TINY, "float32", _DRY_REFERENCES
    else:
        size = _SMOKE_SIZE if place.smoke else replace(target.on_accelerator, repeats=2)
        references = _FEW_REFERENCES if place.smoke else _REFERENCES
    return Plan(
        target=target,
        size=size,
        references=references,
        device=str(place.device),
        dtype=dtype,
        beside=("budget",) if place.dry and name != "sd15" else ("budget", "published"),
    )


def _tiny(plan: Plan) -> TargetPipeline:
    """Return a tiny pipeline of the same kind."""
    pipe: Any = ZOO[_STAND_INS[plan.target.name]].build()
    side = plan.size.latent * pipe.vae_scale_factor
    arguments: dict[str, Any] = {
        "height": side,
        "width": side,
        "num_inference_steps": plan.size.steps,
        "guidance_scale": plan.target.guidance,
    }
    return TargetPipeline(pipe, plan.size.pictures, arguments)


def _found(place: Place, figures: dict[str, Any], plan: Plan, findings: Sequence[Finding]) -> Found:
    rows = [row for row in figures["rows"] if row["ratio"]]
    later = {row["references"]: row["ratio"]["median"] for row in rows if row["method"] == "later"}
    others = {
        method: {
            row["references"]: row["ratio"]["median"] for row in rows if row["method"] == method
        }
        for method in ("first", "published")
    }
    plain = figures["plain"]["step_seconds"]
    words = [f"later {_listed(later)}"]
    words += [f"{method} {_listed(ratios)}" for method, ratios in others.items() if ratios]
    words.append(f"plain step {plain['median'] * 1000:.0f} ms" if plain else "nothing was timed")
    peaks = [row["peak_bytes"] for row in rows if row["peak_bytes"] is not None]
    words += (
        [f"peak {max(peaks) / 2**30:.2f} GiB beyond the model"] if peaks and not place.dry else []
    )
    missing = [n for n in plan.references if n not in later]
    notes = [f"no time or memory for {', '.join(map(str, missing))} likes"] if missing else []
    notes += [
        f"{failure['method']}: out of memory with {failure['references']} references"
        for failure in figures["failures"]
    ]
    notes += ["dry: a tiny pipeline, whose times say nothing"] if place.dry else []
    timed = sum(isinstance(x, Sample) for x in findings)
    counted = sum(isinstance(x, FlopCount) for x in findings)
    return Found(
        "; ".join(words),
        passed=bool(later) and (place.dry or max(later.values()) <= _MOST_RATIO),
        numbers={"target": figures, "timed": timed, "counted": counted},
        note="; ".join(notes),
    )


def _listed(ratios: dict[int, float]) -> str:
    """Return ratios by their number of references: "× 1.05 / 1.10 with 1 / 8 likes"."""
    if not ratios:
        return "unknown"
    numbers = " / ".join(str(n) for n in ratios)
    return f"× {' / '.join(f'{ratio:.2f}' for ratio in ratios.values())} with {numbers} likes"

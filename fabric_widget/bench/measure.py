"""Measure one target: first count operations, then time rounds and their memory.

Counting runs one round of every method, which also warms everything up. Then each repetition goes
through all numbers of references, and for each through all methods. A ratio compares two rounds of
the same repetition: what slows the machine down for a while slows both.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from fabric_widget.bench.flops import FlopCounter
from fabric_widget.bench.methods import (
    PLAIN,
    PUBLISHED,
    Variant,
    blocks,
    make_runner,
    rotated_blocks,
)
from fabric_widget.engine.pipeline.restore import replaced
from fabric_widget.peak_memory import PeakMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fabric_widget.bench.methods import Block
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.targets import TargetPipeline

T = TypeVar("T", int, float)
_LATER_COST = 0.1  # plain steps for each cached reference: only for the progress bar


@dataclass(frozen=True)
class FlopCount:
    """Floating-point operations of one step, averaged over a round.

    Parameters
    ----------
    variant, references
        What was run.
    flops
        All operations of a step.
    self_attention
        Those of attention in self-attention layers, without projections; only of the plain
        pipeline.
    """

    variant: Variant
    references: int
    flops: float
    self_attention: int | None = None


@dataclass(frozen=True)
class Sample:
    """One round, timed.

    Parameters
    ----------
    variant, references
        What was run.
    repeat
        In which repetition, from 0.
    position
        Which round of the target it was, from 0.
    step_seconds
        Time of the denoising loop, divided by its steps.
    round_seconds
        Time of the whole round, from the call to the pictures.
    peak_bytes
        Peak memory beyond what was in use before the first round of its block, or None if unknown.
    cache_bytes
        Size of the engine's reference cache afterwards.
    remembered
        Cache hits as a share of all lookups of references, or None without lookups.
    """

    variant: Variant
    references: int
    repeat: int
    position: int
    step_seconds: float
    round_seconds: float
    peak_bytes: int | None
    cache_bytes: int
    remembered: float | None


@dataclass(frozen=True)
class Failure:
    """A variant that ran out of memory; it is not tried with more references."""

    variant: Variant
    references: int


class LoopProbe(Generic[T]):
    """Replaces a pipeline's progress bar, and takes a reading at both ends of the denoising loop.

    The engine may run the loop more than once, to record a call; the last loop counts.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read: Callable[[], T] = read
        self.begin: T = read()
        self.end: T = self.begin

    def __call__(self, *_: Any, **__: Any) -> LoopProbe[T]:
        """Return the bar."""
        return self

    def __enter__(self) -> LoopProbe[T]:
        """Take the reading at the beginning of the loop."""
        self.begin = self._read()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the reading at the end of the loop."""
        self.end = self._read()

    def update(self, _: int = 1) -> None:
        """Ignore a step."""


def step_cost(plan: Plan, variant: Variant, references: int) -> float:
    """Return roughly how long a step takes, in plain steps, for the progress bar."""
    if variant.method in {"first", PUBLISHED.method}:
        return 1 + references / (2 * plan.size.pictures)
    return 1 + _LATER_COST * references * (variant != PLAIN)


def measure(
    plan: Plan, target: TargetPipeline, show: Callable[[str, float, float], object]
) -> Iterator[FlopCount | Sample | Failure]:
    """Measure a target, and yield each finding as soon as it is there.

    Parameters
    ----------
    plan
        What to measure.
    target
        The target's pipeline.
    show
        Progress callback, called before each block: a description, the cost so far, the total cost.
    """
    counting = [(n, block) for n in plan.references for block in blocks(plan)]
    timing = [
        (repeat, n, block)
        for repeat in range(plan.size.repeats)
        for n in plan.references
        for block in rotated_blocks(plan, repeat)
    ]

    def cost(n: int, block: Block) -> float:
        return sum(step_cost(plan, variant, n) for variant in block)

    rounds = [*counting, *((n, block) for _, n, block in timing)]
    total = plan.size.steps * sum(cost(n, block) for n, block in rounds)
    done = 0.0
    failed: dict[Block, int] = {}

    def show_block(n: int, block: Block) -> None:
        what = block[0].mode or block[0].method
        show(f"{plan.target.name}, {n} reference{'s' * (n != 1)}: {what}", done, total)

    for n, block in counting:
        show_block(n, block)
        try:
            if n < failed.get(block, n + 1):
                yield from _count(plan, target, block, n)
        except torch.OutOfMemoryError:
            failed[block] = min(n, failed.get(block, n))
            yield Failure(block[0], n)
        done += plan.size.steps * cost(n, block)
    position = 0
    for repeat, n, block in timing:
        show_block(n, block)
        try:
            if n < failed.get(block, n + 1):
                yield from _time(plan, target, block, n, repeat, position)
                position += len(block)
        except torch.OutOfMemoryError:
            failed[block] = min(n, failed.get(block, n))
            yield Failure(block[0], n)
        done += plan.size.steps * cost(n, block)
    show(f"{plan.target.name}, all", total, total)


def _count(
    plan: Plan, target: TargetPipeline, block: Block, references: int
) -> Iterator[FlopCount]:
    liked, disliked = _votes(plan, target, references)
    runner = make_runner(block[0], target, plan, liked, disliked)
    for i, variant in enumerate(block):
        with FlopCounter() as counter, _probe_loop(target, lambda: counter.total) as probe:
            runner.run(i)
        attention = counter.self_attention // target.steps if variant == PLAIN else None
        yield FlopCount(variant, references, (probe.end - probe.begin) / target.steps, attention)


def _time(
    plan: Plan, target: TargetPipeline, block: Block, references: int, repeat: int, position: int
) -> Iterator[Sample]:
    liked, disliked = _votes(plan, target, references)
    memory = PeakMemory(target.device)
    runner = make_runner(block[0], target, plan, liked, disliked)
    before = memory.free_unused()
    for i, variant in enumerate(block):
        asked = _cache_requests(runner.cache)
        memory.free_unused()
        memory.reset_peak()
        gc.disable()
        try:
            start = _now(target.device)
            with _probe_loop(target, lambda: _now(target.device)) as probe:
                runner.run(i)
            seconds = _now(target.device) - start
        finally:
            gc.enable()
        peak = memory.peak
        hits, misses = (a - b for a, b in zip(_cache_requests(runner.cache), asked, strict=True))
        yield Sample(
            variant,
            references,
            repeat,
            position + i,
            step_seconds=(probe.end - probe.begin) / target.steps,
            round_seconds=seconds,
            peak_bytes=None if peak is None or before is None else max(peak - before, 0),
            cache_bytes=0 if runner.cache is None else runner.cache.nbytes,
            remembered=hits / (hits + misses) if hits + misses else None,
        )


@contextmanager
def _probe_loop(target: TargetPipeline, read: Callable[[], T]) -> Iterator[LoopProbe[T]]:
    """Take readings at both ends of the pipeline's denoising loop."""
    probe = LoopProbe(read)
    with replaced(target.pipe, "progress_bar", probe):
        yield probe


def _votes(plan: Plan, target: TargetPipeline, references: int) -> tuple[list[Any], list[Any]]:
    likes, _ = plan.sides(references)
    images = target.references(references)
    return images[:likes], images[likes:]


def _cache_requests(cache: Any) -> tuple[int, int]:  # noqa: ANN401  (the engine's, or None)
    return (0, 0) if cache is None else (cache.hits, cache.misses)


def _now(device: torch.device) -> float:
    """Return the time after all work queued on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()

"""One target measured: what is counted first, then what is timed, one sample after the other.

Counting runs one round of every method; it warms everything up. Then, repetition by repetition, all
numbers of references, and for each all methods one after the other: a ratio is always one of two
rounds of the same repetition. What slows the machine down for a while slows both.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from fabric_widget.bench.flops import Counter
from fabric_widget.bench.memory import Memory
from fabric_widget.bench.methods import PLAIN, PUBLISHED, Way, blocks, in_order, player
from fabric_widget.engine.pipeline.restore import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fabric_widget.bench.methods import Block
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.targets import Scene

T = TypeVar("T", int, float)
_LATER_EFFORT = 0.1  # of a reference that is remembered, in plain steps: only for the progress bar


@dataclass(frozen=True)
class Count:
    """Floating-point operations of one step, on the average of a round.

    Parameters
    ----------
    way, references
        What was run.
    flops
        All operations of a step.
    self_attention
        Those of the attention itself in self-attention layers; of the plain pipeline only.
    """

    way: Way
    references: int
    flops: float
    self_attention: int | None = None


@dataclass(frozen=True)
class Sample:
    """One round, timed.

    Parameters
    ----------
    way, references
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
        Most memory in use beyond what was in use before the first round of its block, or None if
        that is unknown.
    cache_bytes
        What the engine's bank held afterwards.
    remembered
        Share of the references, over all steps, that the bank had, or None if none was asked for.
    """

    way: Way
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
    """A method that the device's memory was too small for; it is not tried with more references."""

    way: Way
    references: int


class Loop(Generic[T]):
    """Stands in for a pipeline's progress bar, and reads something where its loop begins and ends.

    The engine may rehearse the call; what counts is the last loop.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read: Callable[[], T] = read
        self.begin: T = read()
        self.end: T = self.begin

    def __call__(self, *_: Any, **__: Any) -> Loop[T]:
        """Return the bar."""
        return self

    def __enter__(self) -> Loop[T]:
        """Begin the loop."""
        self.begin = self._read()
        return self

    def __exit__(self, *error: object) -> None:
        """End the loop."""
        self.end = self._read()

    def update(self, _: int = 1) -> None:
        """Pass over a step."""


def effort(plan: Plan, way: Way, references: int) -> float:
    """Return roughly how long a step takes, in plain steps: so the bar knows what is left."""
    if way.method in {"first", PUBLISHED.method}:
        return 1 + references / (2 * plan.size.pictures)
    return 1 + _LATER_EFFORT * references * (way != PLAIN)


def measure(
    plan: Plan, scene: Scene, show: Callable[[str, float, float], object]
) -> Iterator[Count | Sample | Failure]:
    """Measure a target, and yield each finding as soon as there is one.

    Parameters
    ----------
    plan
        What to measure.
    scene
        The target's pipeline.
    show
        Called before each block with words, the effort until now and that of all.
    """
    counting = [(n, block) for n in plan.references for block in blocks(plan)]
    timing = [
        (repeat, n, block)
        for repeat in range(plan.size.repeats)
        for n in plan.references
        for block in in_order(plan, repeat)
    ]

    def cost(n: int, block: Block) -> float:
        return sum(effort(plan, way, n) for way in block)

    rounds = [*counting, *((n, block) for _, n, block in timing)]
    total = plan.size.steps * sum(cost(n, block) for n, block in rounds)
    done = 0.0
    failed: dict[Block, int] = {}

    def tell(n: int, block: Block) -> None:
        what = block[0].mode or block[0].method
        show(f"{plan.target.name}, {n} reference{'s' * (n != 1)}: {what}", done, total)

    for n, block in counting:
        tell(n, block)
        try:
            if n < failed.get(block, n + 1):
                yield from _counted(plan, scene, block, n)
        except torch.OutOfMemoryError:
            failed[block] = min(n, failed.get(block, n))
            yield Failure(block[0], n)
        done += plan.size.steps * cost(n, block)
    position = 0
    for repeat, n, block in timing:
        tell(n, block)
        try:
            if n < failed.get(block, n + 1):
                yield from _timed(plan, scene, block, n, repeat, position)
                position += len(block)
        except torch.OutOfMemoryError:
            failed[block] = min(n, failed.get(block, n))
            yield Failure(block[0], n)
        done += plan.size.steps * cost(n, block)
    show(f"{plan.target.name}, all", total, total)


def _counted(plan: Plan, scene: Scene, block: Block, references: int) -> Iterator[Count]:
    liked, disliked = _votes(plan, scene, references)
    makes = player(block[0], scene, plan, liked, disliked)
    for i, way in enumerate(block):
        with Counter() as counter, _looped(scene, lambda: counter.total) as loop:
            makes.play(i)
        attention = counter.self_attention // scene.steps if way == PLAIN else None
        yield Count(way, references, (loop.end - loop.begin) / scene.steps, attention)


def _timed(
    plan: Plan, scene: Scene, block: Block, references: int, repeat: int, position: int
) -> Iterator[Sample]:
    liked, disliked = _votes(plan, scene, references)
    memory = Memory(scene.device)
    makes = player(block[0], scene, plan, liked, disliked)
    before = memory.settle()
    for i, way in enumerate(block):
        asked = _asked(makes.cache)
        memory.settle()
        memory.restart()
        gc.disable()
        try:
            start = _now(scene.device)
            with _looped(scene, lambda: _now(scene.device)) as loop:
                makes.play(i)
            seconds = _now(scene.device) - start
        finally:
            gc.enable()
        peak = memory.peak
        hits, misses = (a - b for a, b in zip(_asked(makes.cache), asked, strict=True))
        yield Sample(
            way,
            references,
            repeat,
            position + i,
            step_seconds=(loop.end - loop.begin) / scene.steps,
            round_seconds=seconds,
            peak_bytes=None if peak is None or before is None else max(peak - before, 0),
            cache_bytes=0 if makes.cache is None else makes.cache.nbytes,
            remembered=hits / (hits + misses) if hits + misses else None,
        )


@contextmanager
def _looped(scene: Scene, read: Callable[[], T]) -> Iterator[Loop[T]]:
    """Read something at both ends of the pipeline's denoising loop."""
    loop = Loop(read)
    with replaced(scene.pipe, "progress_bar", loop):
        yield loop


def _votes(plan: Plan, scene: Scene, references: int) -> tuple[list[Any], list[Any]]:
    likes, _ = plan.sides(references)
    images = scene.references(references)
    return images[:likes], images[likes:]


def _asked(cache: Any) -> tuple[int, int]:  # noqa: ANN401  (the engine's, or None)
    return (0, 0) if cache is None else (cache.hits, cache.misses)


def _now(device: torch.device) -> float:
    """Return the time when the device has done what it was asked to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()

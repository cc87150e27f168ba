"""How much nearer feedback comes to what a person wants, over many tastes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.evaluation.report.story import Story, run_story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from fabric_widget.demo.reader import Reader
    from fabric_widget.engine import Fabric
    from fabric_widget.evaluation.report.story import StoryProgress
    from fabric_widget.evaluation.report.story_plan import Plan

_RESAMPLES = 10_000


def compare(
    fabric: Fabric,
    reader: Reader,
    plans: Sequence[Plan],
    on_step: Callable[[int, StoryProgress], object] | None = None,
) -> Iterator[Story]:
    """Run a story for each plan, one at a time.

    Parameters
    ----------
    fabric, reader
        As for `run_story`.
    plans
        Settings of the stories.
    on_step
        Called after each step with the position of the plan and the progress of its story.
    """
    for i, plan in enumerate(plans):
        callback = None if on_step is None else _with_number(on_step, i)
        yield Story(plan, tuple(run_story(fabric, reader, plan, callback)))


def _with_number(
    on_step: Callable[[int, StoryProgress], object], number: int
) -> Callable[[StoryProgress], object]:
    return lambda progress: on_step(number, progress)


@dataclass(frozen=True)
class Comparison:
    """Mean distances to the tastes in the last round, and how much nearer feedback came.

    Parameters
    ----------
    with_feedback, without_feedback
        Mean over tastes of the mean distance, 0 … 1.
    nearer
        ``1 - with_feedback / without_feedback``.
    low, high
        Bounds of the 95 % bootstrap interval of `nearer`, tastes resampled.
    """

    with_feedback: float
    without_feedback: float
    nearer: float
    low: float
    high: float


def summarize(stories: Sequence[Story]) -> Comparison:
    """Compare the last rounds of stories with and without feedback.

    The interval is the percentile bootstrap (Efron 1979) of a ratio of means; the resampling is
    seeded, so equal stories give equal intervals.

    Raises
    ------
    ValueError
        There are no stories.
    """
    if not stories:
        message = "there is no story to compare: give at least one"
        raise ValueError(message)
    last = [story.chapters[-1] for story in stories]
    distances = np.array([[c.with_feedback.mean, c.without_feedback.mean] for c in last])
    picks = np.random.default_rng(0).integers(len(last), size=(_RESAMPLES, len(last)))
    resampled = _nearer(distances[picks].mean(axis=1))
    low, high = np.percentile(resampled, [2.5, 97.5])
    means = distances.mean(axis=0)
    return Comparison(
        with_feedback=float(means[0]),
        without_feedback=float(means[1]),
        nearer=float(_nearer(means)),
        low=float(low),
        high=float(high),
    )


def _nearer(means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share by which (..., 0) is smaller than (..., 1)."""
    return np.subtract(1, means[..., 0] / np.maximum(means[..., 1], 1e-9))

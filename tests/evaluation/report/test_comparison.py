"""Many stories and their summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fabric_widget.evaluation.people.simulated_user import Verdict
from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.report.comparison import compare, summarize
from fabric_widget.evaluation.report.story import Chapter, Grid, Story, StoryProgress
from fabric_widget.evaluation.report.story_plan import Plan, plan_for_each
from tests.evaluation.painting import STEPS, Knower, Painter


def story(with_feedback: float, without_feedback: float) -> Story:
    """Return a story of one round that was measured like this."""

    def grid(distance: float) -> Grid:
        return Grid((), (0,), (distance,), Verdict(), 0.0, 0.0, 0.0)

    plan = Plan(taste=Taste.parse("green"), rounds=1)
    return Story(plan, (Chapter(1, grid(with_feedback), grid(without_feedback)),))


def test_the_summary_is_a_ratio_of_means_not_a_mean_of_ratios() -> None:
    summary = summarize([story(0.1, 0.2), story(0.4, 0.4)])
    assert summary.with_feedback == pytest.approx(0.25)
    assert summary.without_feedback == pytest.approx(0.3)
    assert summary.nearer == pytest.approx(1 - 0.25 / 0.3)


def test_equal_stories_leave_no_doubt() -> None:
    summary = summarize([story(0.1, 0.4)] * 7)
    assert summary.low == pytest.approx(summary.high) == pytest.approx(0.75)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(50):
        pairs = zip(rng.uniform(0.1, 0.3, 30), rng.uniform(0.3, 0.5, 30), strict=True)
        summary = summarize([story(a, b) for a, b in pairs])
        held += summary.low <= 0.5 <= summary.high
    assert 43 <= held <= 50


def test_the_same_stories_give_the_same_interval() -> None:
    stories = [story(0.1, 0.2), story(0.4, 0.4), story(0.2, 0.3)]
    assert summarize(stories) == summarize(stories)


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="no story"):
        summarize([])


def test_every_plan_gets_its_story_and_every_step_is_told_once() -> None:
    painter: Any = Painter()
    reader: Any = Knower()
    plans = plan_for_each(sample_tastes(3), rounds=2)
    reports: list[tuple[int, StoryProgress]] = []
    stories = list(compare(painter, reader, plans, lambda i, moment: reports.append((i, moment))))
    assert [s.plan for s in stories] == plans
    done = [(i * m.grids + m.grids_done) * m.progress.steps + m.progress.step for i, m in reports]
    assert done == list(range(1, 3 * 3 * STEPS + 1))


def test_a_fabric_that_copies_comes_nearer_over_many_tastes() -> None:
    painter: Any = Painter()
    reader: Any = Knower()
    summary = summarize(list(compare(painter, reader, plan_for_each(sample_tastes(12)))))
    assert summary.low > 0.2

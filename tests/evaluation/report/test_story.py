"""Stories: what is asked of the fabric, what is told on the way, what is kept."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from fabric_widget.evaluation.people.tastes import Taste
from fabric_widget.evaluation.report.comparison import summarize
from fabric_widget.evaluation.report.results_json import comparison_figures, story_figures
from fabric_widget.evaluation.report.story import Chapter, Story, StoryProgress, run_story
from fabric_widget.evaluation.report.story_plan import Plan
from tests.evaluation.painting import STEPS, Knower, Painter

PLAN = Plan(taste=Taste.parse("green horned monster"), seed=7, arguments={"num_inference_steps": 3})


def finished_story(painter: Any, plan: Plan = PLAN, **options: Any) -> Story:
    reader: Any = Knower()
    return Story(plan, tuple(run_story(painter, reader, plan, **options)))


def test_both_sides_of_a_round_have_the_same_seeds_and_no_two_rounds_share_one() -> None:
    story = finished_story(Painter())
    for chapter in story.chapters:
        assert chapter.with_feedback.seeds == chapter.without_feedback.seeds
    seeds = [seed for chapter in story.chapters for seed in chapter.with_feedback.seeds]
    assert seeds == list(range(7, 19))


def test_the_first_round_is_made_once_and_shown_on_both_sides() -> None:
    painter = Painter()
    first = finished_story(painter).chapters[0]
    assert first.with_feedback.images == first.without_feedback.images
    assert first.without_feedback.verdict.count == 0
    assert len(painter.requests) == PLAN.grids == 5


def test_votes_gather_on_one_side_only() -> None:
    painter = Painter()
    finished_story(painter)
    likes = [len(request["liked"]) for request in painter.requests]
    dislikes = [len(request.get("disliked", ())) for request in painter.requests]
    assert likes == dislikes == [0, 1, 0, 2, 0]


def test_the_best_is_liked_and_the_worst_disliked() -> None:
    painter = Painter()
    story = finished_story(painter)
    first = story.chapters[0].with_feedback
    second = painter.requests[1]
    assert second["liked"][0][0].seed == first.seeds[first.distances.index(first.best)]
    worst = first.distances.index(max(first.distances))
    assert second["disliked"][0][0].seed == first.seeds[worst]


def test_prompt_and_pipeline_arguments_reach_every_grid() -> None:
    painter = Painter()
    finished_story(painter)
    assert {request["prompt"] for request in painter.requests} == {"a monster"}
    assert {request["num_inference_steps"] for request in painter.requests} == {3}


def test_progress_counts_every_step_of_every_grid_once() -> None:
    reports: list[StoryProgress] = []
    finished_story(Painter(), on_step=reports.append)
    done = [m.grids_done * m.progress.steps + m.progress.step for m in reports]
    assert done == list(range(1, PLAN.grids * STEPS + 1))
    sides = [(m.round, m.feedback) for m in reports[::STEPS]]
    assert sides == [(1, True), (2, True), (2, False), (3, True), (3, False)]


def test_an_interrupt_keeps_the_chapters_that_are_finished() -> None:
    def interrupt(moment: StoryProgress) -> None:
        if moment.round == 3:
            raise KeyboardInterrupt

    chapters: list[Chapter] = []
    reader: Any = Knower()
    painter: Any = Painter()

    def listen() -> None:
        for chapter in run_story(painter, reader, PLAN, interrupt):
            chapters.append(chapter)  # noqa: PERF402  (what is finished outlives an interrupt)

    with pytest.raises(KeyboardInterrupt):
        listen()
    story = Story(PLAN, tuple(chapters))
    assert len(story.chapters) == 2
    assert not story.complete


def test_feedback_comes_nearer_with_a_fabric_that_copies_and_not_with_one_that_does_not() -> None:
    assert finished_story(Painter(obedience=1)).nearer > 0.3
    deaf = finished_story(Painter(obedience=0))
    assert deaf.nearer == pytest.approx(0)
    assert [c.with_feedback.distances for c in deaf.chapters] == [
        c.without_feedback.distances for c in deaf.chapters
    ]


def test_figures_are_those_of_the_story() -> None:
    story = finished_story(Painter())
    figures = story_figures(story)
    assert figures["complete"]
    assert figures["nearer"] == story.nearer
    assert [r["round"] for r in figures["rounds"]] == [1, 2, 3]
    grid, row = story.chapters[1].with_feedback, figures["rounds"][1]["with_feedback"]
    assert row["distance_mean"] == pytest.approx(sum(grid.distances) / 4)
    assert row["distance_best"] == min(grid.distances)
    assert row["liked_seed"] == row["seeds"][row["distances"].index(row["distance_best"])]
    assert figures["rounds"][1]["without_feedback"]["liked_seed"] is None


def test_an_unfinished_story_has_figures_too() -> None:
    figures = story_figures(Story(PLAN, ()))
    assert figures["nearer"] is None
    assert figures["rounds"] == []
    painter: Any = Painter()
    reader: Any = Knower()
    begun = Story(PLAN, tuple(islice(run_story(painter, reader, PLAN), 1)))
    assert story_figures(begun)["nearer"] == 0
    assert not story_figures(begun)["complete"]


def test_comparison_figures_name_every_taste() -> None:
    stories = [finished_story(Painter()), finished_story(Painter(obedience=0))]
    figures = comparison_figures(stories, summarize(stories))
    assert [row["nearer"] for row in figures["tastes"]] == [s.nearer for s in stories]
    assert figures["low"] <= figures["nearer"] <= figures["high"]

"""The numbers of a story or a comparison, for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.evaluation.report.comparison import Comparison
    from fabric_widget.evaluation.report.story import Grid, Story

_NOTICEABLE = 0.005


def story_figures(story: Story) -> dict[str, Any]:
    """Return the measures of each round, and how much nearer feedback came in the last one.

    Distances are from 0 (exactly the taste) to 1; `nearer` is None where no round was finished.
    """
    plan = story.plan
    return {
        "taste": dict(plan.taste.wanted),
        "prompt": plan.prompt,
        "seed": plan.seed,
        "images": plan.images,
        "planned_rounds": plan.rounds,
        "complete": story.complete,
        "rounds": [
            {
                "round": chapter.round,
                "with_feedback": _grid_figures(chapter.with_feedback),
                "without_feedback": _grid_figures(chapter.without_feedback),
            }
            for chapter in story.chapters
        ],
        "nearer": story.nearer if story.chapters else None,
    }


def nearness(story: Story) -> str:
    """Say how near the last round is: "41% nearer to the taste than" that without feedback."""
    if abs(story.nearer) < _NOTICEABLE:
        return "as near to the taste as"
    direction = "nearer to" if story.nearer > 0 else "farther from"
    return f"{abs(story.nearer):.0%} {direction} the taste than"


def comparison_figures(stories: Sequence[Story], comparison: Comparison) -> dict[str, Any]:
    """Return the last round of each story, and the summary of all."""
    return {
        "tastes": [
            {
                "taste": story.plan.taste.text,
                "seed": story.plan.seed,
                "with_feedback": story.chapters[-1].with_feedback.mean,
                "without_feedback": story.chapters[-1].without_feedback.mean,
                "nearer": story.nearer,
            }
            for story in stories
        ],
        **asdict(comparison),
    }


def _grid_figures(grid: Grid) -> dict[str, Any]:
    return {
        "distance_mean": grid.mean,
        "distance_best": grid.best,
        "diversity": grid.diversity,
        "saturation": grid.saturation,
        "contrast": grid.contrast,
        "distances": list(grid.distances),
        "seeds": list(grid.seeds),
        "liked_seed": _seed(grid, grid.verdict.liked),
        "disliked_seed": _seed(grid, grid.verdict.disliked),
    }


def _seed(grid: Grid, position: int | None) -> int | None:
    return None if position is None else grid.seeds[position]

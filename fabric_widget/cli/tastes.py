"""The command tastes: how much nearer feedback comes over many tastes, with an interval."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.cli.model import load_model, pipeline_arguments
from fabric_widget.cli.progress import Bar, until_interrupted
from fabric_widget.cli.table import aligned
from fabric_widget.evaluation.people.tastes import sample_tastes
from fabric_widget.evaluation.report.comparison import compare, summarize
from fabric_widget.evaluation.report.results_json import comparison_figures
from fabric_widget.evaluation.report.story_plan import plan_for_each

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from fabric_widget.evaluation.report.comparison import Comparison
    from fabric_widget.evaluation.report.story import Story, StoryProgress
    from fabric_widget.evaluation.report.story_plan import Plan


def run(arguments: argparse.Namespace) -> int:
    """Make a story for each taste, print the comparison, and return the exit code.

    Ctrl-C ends early; the tastes that are finished are reported all the same.
    """
    try:
        tastes = sample_tastes(arguments.count, arguments.seed, arguments.about)
    except ValueError as error:  # fewer tastes than were asked for
        return refuse("tastes", error)
    plans = plan_for_each(
        tastes,
        rounds=arguments.rounds,
        images=arguments.images,
        seed=arguments.seed,
        arguments=pipeline_arguments(arguments),
    )
    with Bar(quiet=arguments.quiet) as bar:
        stories = until_interrupted(_stories(plans, bar))
    if stories:
        summary = summarize(stories)
        figures = comparison_figures(stories, summary)
        print(json.dumps(figures) if arguments.json else _table(stories, summary))
    if len(stories) == len(plans):
        return 0
    print(f"interrupted: {len(stories)} of {len(plans)} tastes were finished", file=sys.stderr)
    return INTERRUPTED


def _stories(plans: Sequence[Plan], bar: Bar) -> Iterator[Story]:
    def show(position: int, moment: StoryProgress) -> None:
        steps = moment.progress.steps
        done = (position * moment.grids + moment.grids_done) * steps + moment.progress.step
        total = len(plans) * moment.grids * steps
        bar.show(f"taste {position + 1} of {len(plans)}", done, total)

    yield from compare(*load_model(), plans, show)


def _table(stories: list[Story], summary: Comparison) -> str:
    rows: list[tuple[str, ...]] = [
        (
            story.plan.taste.text,
            f"{story.chapters[-1].without_feedback.mean:.3f}",
            f"{story.chapters[-1].with_feedback.mean:.3f}",
            f"{story.nearer:z.0%}",
        )
        for story in stories
    ]
    rows.append(())
    rows.append(
        (
            f"mean of {len(stories)}",
            f"{summary.without_feedback:.3f}",
            f"{summary.with_feedback:.3f}",
            f"{summary.nearer:z.0%}",
        )
    )
    rounds = stories[0].plan.rounds
    return (
        f"Distance to the taste in round {rounds}, 0 (exactly it) to 1, mean of the round.\n\n"
        f"{aligned(('taste', 'without feedback', 'with feedback', 'nearer'), rows, texts=(0,))}\n\n"
        f"Feedback comes {summary.nearer:z.0%} nearer "
        f"(95% interval {summary.low:z.0%} to {summary.high:z.0%})."
    )

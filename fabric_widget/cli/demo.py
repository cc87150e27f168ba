"""The command demo: one story, as a contact sheet, a page and a table."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from fabric_widget.cli.exit_codes import INTERRUPTED
from fabric_widget.cli.model import load_model, pipeline_arguments
from fabric_widget.cli.progress import Bar, until_interrupted
from fabric_widget.cli.table import aligned
from fabric_widget.evaluation.report.contact_sheet import draw_sheet
from fabric_widget.evaluation.report.page import write_page
from fabric_widget.evaluation.report.results_json import nearness, story_figures
from fabric_widget.evaluation.report.story import Story, run_story
from fabric_widget.evaluation.report.story_plan import Plan

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from fabric_widget.evaluation.report.story import Chapter, StoryProgress


def run(arguments: argparse.Namespace) -> int:
    """Make the rounds of a story, write and print the results, and return the exit code.

    Ctrl-C ends early; the rounds that are finished are written all the same.
    """
    plan = Plan(
        taste=arguments.taste,
        prompt=arguments.prompt,
        rounds=arguments.rounds,
        images=arguments.images,
        seed=arguments.seed,
        arguments=pipeline_arguments(arguments),
    )
    with Bar(quiet=arguments.quiet) as bar:
        chapters = until_interrupted(_chapters(plan, bar))
    story = Story(plan, tuple(chapters))
    paths = _write(story, arguments.out) if chapters else []
    if arguments.json:
        print(json.dumps(story_figures(story) | {"files": [str(path) for path in paths]}))
    elif chapters:
        print(_table(story))
        print("\n".join(str(path) for path in paths))
    if story.complete:
        return 0
    kept = f"kept {len(chapters)} of {plan.rounds} rounds" if chapters else "no round was finished"
    print(f"interrupted: {kept}", file=sys.stderr)
    return INTERRUPTED


def _chapters(plan: Plan, bar: Bar) -> Iterator[Chapter]:
    def show(moment: StoryProgress) -> None:
        side = "" if moment.round == 1 else f", {'with' if moment.feedback else 'without'} feedback"
        steps = moment.progress.steps
        bar.show(
            f"round {moment.round} of {plan.rounds}{side}",
            moment.grids_done * steps + moment.progress.step,
            moment.grids * steps,
        )

    yield from run_story(*load_model(), plan, show)


def _write(story: Story, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    sheet, page = folder / "demo.png", folder / "demo.html"
    draw_sheet(story).save(sheet)
    page.write_text(write_page(story), encoding="utf-8")
    return [sheet, page]


def _table(story: Story) -> str:
    heads = ("round", "feedback", "distance", "best", "diversity", "saturation")
    rows = [
        (
            str(chapter.round),
            side,
            *(f"{x:.3f}" for x in (grid.mean, grid.best, grid.diversity, grid.saturation)),
        )
        for chapter in story.chapters
        for side, grid in (("with", chapter.with_feedback), ("without", chapter.without_feedback))
    ]
    return (
        f'Looking for "{story.plan.taste.text}", saying only "{story.plan.prompt}".\n\n'
        f"{aligned(heads, rows, texts=(1,))}\n\n"
        "Distance to the taste: 0 is exactly it, 1 nothing of it; mean and best of the round.\n"
        f"Round {story.chapters[-1].round}: {nearness(story)} the same seeds without feedback."
    )

"""Run the trials that are missing, write and print the results."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from fabric_widget.cli.evaluate.plan import make_plan
from fabric_widget.cli.evaluate.results import write_results
from fabric_widget.cli.evaluate.tables import tables
from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.cli.progress import Bar, hide_library_bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from fabric_widget.cli.evaluate.plan import Plan
    from fabric_widget.evaluation.study.resources import Resources
    from fabric_widget.evaluation.study.settings import Settings


def run(arguments: argparse.Namespace) -> int:
    """Run what is missing, write and print the results, and return the exit code.

    Ctrl-C ends early; finished trials are kept, and the next run continues from there.
    """
    from fabric_widget.cluster import NoWorkers
    from fabric_widget.engine import FabricError
    from fabric_widget.evaluation.study.result_store import ResultStore
    from fabric_widget.evaluation.study.run import run_study

    try:
        plan = make_plan(arguments)
        store = ResultStore(plan.folder, plan.settings)
    except (ValueError, ModuleNotFoundError) as error:
        return refuse("evaluate", error)
    missing = store.missing(plan.keys)
    interrupted = False
    with Bar("loading", quiet=arguments.quiet or not missing) as bar:
        try:
            resources = _load(plan.settings) if missing and arguments.ray is None else None
        except (ValueError, ImportError) as error:  # a scorer that lacks an ability or a package
            return refuse("evaluate", error)
        try:
            run_study(
                plan.settings,
                plan.cases.values(),
                plan.methods,
                plan.folder,
                resources=resources,
                cluster=arguments.ray,
                on_round=_progress(plan, len(missing), bar),
            )
        except KeyboardInterrupt:
            interrupted = True
        except (ValueError, TypeError, FabricError, NoWorkers) as error:
            done = len(plan.keys) - len(store.missing(plan.keys))
            return refuse("evaluate", f"{error} ({done} trials are kept in {store.path})", 1)
    records = store.read(plan.keys)
    results = write_results(plan, store, records) if records else None
    if results is not None:
        if arguments.json:
            print(json.dumps(results.content, ensure_ascii=False))
        else:
            print(tables(plan.settings, results.summary))
            print("\n".join(["", *results.content["files"]]))
    elif records:
        print("no prompt is finished with every method yet", file=sys.stderr)
    if not interrupted:
        return 0
    print(
        f"interrupted: {len(records)} of {len(plan.keys)} trials are kept in {store.path}; the "
        "same command does the rest",
        file=sys.stderr,
    )
    return INTERRUPTED


def _load(settings: Settings) -> Resources:
    from fabric_widget.evaluation.study.resources import Resources

    hide_library_bars()
    return Resources.load(settings)


def _progress(plan: Plan, missing: int, bar: Bar) -> Callable[[], None]:
    """Return the callback that moves the bar after each round."""
    each, total = plan.settings.rounds, len(plan.keys)
    rounds = 0

    def on_round() -> None:
        nonlocal rounds
        rounds += 1
        finished = total - missing + rounds // each
        bar.show(f"{finished} of {total} trials", rounds, missing * each)

    return on_round

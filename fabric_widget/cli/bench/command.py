"""Measure what feedback costs, write and print the figures."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fabric_widget.bench.plan import LOADING
from fabric_widget.cli.bench.plan import choose_device, loading_repeats, plan_target, target_names
from fabric_widget.cli.bench.tables import paragraphs
from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.cli.progress import Bar
from fabric_widget.demo.quiet_loading import quiet_loading

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    Figures = Mapping[str, Any]

_PRECISION = 1000  # parts of the progress bar


def run(arguments: argparse.Namespace) -> int:
    """Measure, write and print the figures, and return the exit code.

    Ctrl-C ends the measurement early; what was measured is written all the same.
    """
    import torch

    with quiet_loading():  # the models that it measures are its own
        from fabric_widget.bench.bench import Bench

    try:
        device = choose_device(arguments.device)
        names = target_names(arguments, device)
        plans = [plan_target(arguments, name, device) for name in names if name != LOADING]
    except ValueError as error:
        return refuse("bench", error)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    bench = Bench(plans, device, loading_repeats(arguments) if LOADING in names else 0)
    with Bar("loading torch", quiet=arguments.quiet) as bar:

        def show(words: str, done: float, total: float) -> None:
            bar.show(words, round(_PRECISION * done / total), _PRECISION)

        with suppress(KeyboardInterrupt):
            bench.run(show)
    figures = bench.figures()
    if not (figures["loading"] or any(target["rows"] for target in figures["targets"])):
        print("interrupted: nothing was measured", file=sys.stderr)
        return INTERRUPTED
    paths = _write(figures, arguments.out)
    if arguments.json:
        print(json.dumps(figures | {"files": [str(path) for path in paths]}))
    else:
        print("\n\n".join(paragraphs(figures)))
        print("\n".join(str(path) for path in paths))
    if bench.complete:
        return 0
    print("interrupted: kept what was measured", file=sys.stderr)
    return INTERRUPTED


def _write(figures: Figures, folder: Path) -> list[Path]:
    """Write the figures and a chart of each target that was timed; return the paths."""
    from fabric_widget.bench.chart import draw_chart

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "bench.json"]
    paths[0].write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for target in figures["targets"]:
        if any(row["ratio"] for row in target["rows"]):
            paths.append(folder / f"bench-{target['name']}.svg")
            paths[-1].write_text(draw_chart(target, figures["machine"]), encoding="utf-8")
    return paths

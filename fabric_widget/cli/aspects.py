"""The command aspects: what colors and form mean on a pipeline, as a table, JSON and a chart."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.cli.model import pipeline_arguments
from fabric_widget.cli.progress import Bar, hide_library_bars
from fabric_widget.cli.table import aligned
from fabric_widget.evaluation.aspects.settings import DEMO_PROMPTS, PROMPTS, Settings
from fabric_widget.evaluation.study.settings import DEMO, DEMO_STEPS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from fabric_widget.evaluation.aspects.measurement import Measurement

    Figures = Mapping[str, Any]

_HEADS = ("layers", "steps", "color", "", "form", "", "moves")
_TEXT_COLUMNS = (0, 1, 3, 5, 6)
_LEGEND = """\
Shares of the way from nothing borrowed (0) to everything borrowed (1), with 95% intervals over
references. A row moves colors, or form, if the interval of the difference of both excludes 0."""


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, keep and print what was found, and return the exit code.

    Ctrl-C ends the measurement early; what was measured is written all the same, but not kept.
    """
    import torch

    from fabric_widget.cli.bench.plan import choose_device
    from fabric_widget.engine import Fabric, FabricError
    from fabric_widget.evaluation.aspects.figures import figures_of
    from fabric_widget.evaluation.aspects.measurement import Measurement
    from fabric_widget.evaluation.study.resources import load_pipeline

    try:
        settings = _settings(arguments)
        device = choose_device(arguments.device)
    except ValueError as error:
        return refuse("aspects", error)
    torch.set_num_threads(arguments.threads)
    hide_library_bars()
    try:  # around the bar, which an error would tear
        with Bar(quiet=arguments.quiet) as bar:
            measurement = Measurement(Fabric(load_pipeline(arguments.pipeline, device)), settings)
            with suppress(KeyboardInterrupt):
                measurement.run(bar.show)
    except (FabricError, TypeError, ValueError) as error:  # a pipeline that takes no feedback
        return refuse("aspects", error, 1)
    if not measurement.distances:
        print("interrupted: no reference was finished", file=sys.stderr)
        return INTERRUPTED
    figures = {"pipeline": arguments.pipeline, **figures_of(measurement)}
    paths = _write(figures, arguments.out)
    kept = _keep(measurement, figures) if measurement.complete else None
    if arguments.json:
        files = [str(path) for path in paths]
        print(json.dumps(figures | {"files": files, "kept": kept and str(kept)}))
    else:
        print("\n\n".join(_paragraphs(figures, kept)))
        print("\n".join(["", *map(str, paths)]))
    if measurement.complete:
        return 0
    done = f"{figures['references']} of {settings.references} references"
    print(f"interrupted: showed {done}, kept no weights", file=sys.stderr)
    return INTERRUPTED


def _settings(arguments: argparse.Namespace) -> Settings:
    """Return what is to be measured, or raise a ValueError."""
    own = arguments.pipeline == DEMO
    steps = {"num_inference_steps": DEMO_STEPS} if own else {}
    return Settings(
        prompts=tuple(arguments.prompt or (DEMO_PROMPTS if own else PROMPTS)),
        references=arguments.references,
        pictures=arguments.images,
        seed=arguments.seed,
        arguments=steps | pipeline_arguments(arguments),
    )


def _write(figures: Figures, folder: Path) -> list[Path]:
    """Write the figures and the chart; return their paths."""
    from fabric_widget.evaluation.aspects.chart import draw_chart

    folder.mkdir(parents=True, exist_ok=True)
    document, chart = folder / "aspects.json", folder / "aspects.svg"
    document.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    chart.write_text(draw_chart(figures, _name(figures)), encoding="utf-8")
    return [document, chart]


def _keep(measurement: Measurement, figures: Figures) -> Path | None:
    """Keep the weights for `Fabric`; a folder that cannot be written is no error."""
    from fabric_widget.engine.votes.measured import keep_table

    about = {key: value for key, value in figures.items() if key not in {"table", "distances"}}
    if measurement.table is None:
        return None
    try:
        return keep_table(measurement.model, measurement.table, about)
    except OSError as error:
        print(f"the weights are not kept: {error}", file=sys.stderr)
        return None


def _name(figures: Figures) -> str:
    return "the demo model" if figures["pipeline"] == DEMO else str(figures["pipeline"])


def _paragraphs(figures: Figures, kept: Path | None) -> list[str]:
    """Return what is printed, paragraph by paragraph."""
    pictures = figures["settings"]["pictures"]
    headline = (
        f"{_name(figures)}: {figures['sites']} attention layers; {figures['references']} "
        f"references, {pictures} picture{'s' * (pictures > 1)} beside each, {figures['steps']} "
        "steps."
    )
    parts = [headline, _table(figures), _LEGEND]
    if figures["words"]:
        parts.append("\n".join(f"{aspect}: {words}" for aspect, words in figures["words"].items()))
    if kept is not None:
        parts.append(f'Kept in {kept}.\nTo use it: Fabric(pipe, aspects="measured")')
    return parts


def _table(figures: Figures) -> str:
    rows = [_row(cell["group"], cell["part"], cell) for cell in figures["cells"]]
    if figures["aspects"]:
        rows.append(())
    for row in figures["aspects"]:
        by = "by default" if row["by"] == "default" else "as measured"
        rows.append(_row(f'"{row["aspect"]}" {by}', "", row))
    return aligned(_HEADS, rows, texts=_TEXT_COLUMNS)


def _row(name: str, part: str, found: Figures) -> tuple[str, ...]:
    from fabric_widget.evaluation.aspects.chart import interval, number

    cells: list[str] = []
    for measure in ("color", "form"):
        value = found[measure]["value"]
        bounds = interval(found[measure])
        cells += ["" if value is None else number(value), bounds and f"({bounds})"]
    return (name, part, *cells, found["moves"])

"""What feedback costs: a table, one JSON document, a chart for each target."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.bench.plan import LOADING, REFERENCES, TARGETS, Plan
from fabric_widget.cli import INTERRUPTED, USAGE
from fabric_widget.cli.arguments import PROGRAM
from fabric_widget.cli.progress import Bar
from fabric_widget.cli.table import aligned

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Figures = Mapping[str, Any]

_QUICK_TARGETS, _QUICK_REFERENCES = ("demo", LOADING), (0, 1, 4)
_QUICK_SIZE = {"steps": 2, "repeats": 2}
_LOADING_REPEATS, _QUICK_LOADING_REPEATS = 7, 2
_MEBIBYTE, _GIGA = 2**20, 10**9
_PRECISION = 1000  # parts of the progress bar


def run(arguments: argparse.Namespace) -> int:
    """Measure, write and print what was found, and return the exit code.

    Ctrl-C ends the measurement early; what was measured is written all the same.
    """
    from fabric_widget.bench.bench import Bench

    try:
        device = _device(arguments.device)
        names = _names(arguments, device)
        plans = [_plan(arguments, name, device) for name in names if name != LOADING]
    except ValueError as error:
        print(f"{PROGRAM} bench: error: {error}", file=sys.stderr)
        return USAGE
    if arguments.threads is not None:
        _set_threads(arguments.threads)
    repeats = arguments.repeats or (_QUICK_LOADING_REPEATS if arguments.quick else _LOADING_REPEATS)
    bench = Bench(plans, device, repeats if LOADING in names else 0)
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
        print("\n\n".join(_report(figures)))
        print("\n".join(str(path) for path in paths))
    if bench.complete:
        return 0
    print("interrupted: kept what was measured", file=sys.stderr)
    return INTERRUPTED


def _device(asked: str | None) -> str:
    """Return the device to measure on.

    Raises
    ------
    ValueError
        There is no such device.
    """
    import torch

    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(asked)
    except RuntimeError:
        device = None
    if device is None or device.type not in {"cpu", "cuda"}:
        message = f"device is {asked!r}: give cpu, cuda or cuda:N"
        raise ValueError(message)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        message = f"torch sees {torch.cuda.device_count()} CUDA devices, not {asked!r}: give cpu"
        raise ValueError(message)
    return asked


def _set_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _names(arguments: argparse.Namespace, device: str) -> list[str]:
    """Return the names of what is measured, each once."""
    there_are = [*TARGETS, LOADING]
    unknown = [name for name in arguments.targets if name not in there_are]
    if unknown:
        message = f"there is no target {unknown[0]!r}; there are {', '.join(there_are)}"
        raise ValueError(message)
    if arguments.targets:
        return list(dict.fromkeys(arguments.targets))
    if arguments.quick:
        return list(_QUICK_TARGETS)
    return [x for x in there_are if x == LOADING or device != "cpu" or TARGETS[x].on_cpu]


def _plan(arguments: argparse.Namespace, name: str, device: str) -> Plan:
    """Return how a target is measured.

    Raises
    ------
    ValueError
        It cannot be measured that way.
    """
    target = TARGETS[name]
    given = {
        "pictures": arguments.batch,
        "latent": arguments.latent,
        "steps": arguments.steps,
        "repeats": arguments.repeats,
    }
    own = (target.on_cpu if device == "cpu" else None) or target.on_accelerator
    size = replace(own, **_QUICK_SIZE) if arguments.quick else own
    return Plan(
        target=target,
        size=replace(size, **{key: value for key, value in given.items() if value is not None}),
        references=tuple(
            arguments.references or (_QUICK_REFERENCES if arguments.quick else REFERENCES)
        ),
        device=device,
        dtype=arguments.dtype or ("float32" if device == "cpu" else "float16"),
        disliked=arguments.disliked,
        cache_bytes=None if arguments.cache is None else arguments.cache * _MEBIBYTE,
        offload=arguments.offload,
        beside=tuple(arguments.beside),
        usual=arguments.usual,
    )


def _write(figures: Figures, folder: Path) -> list[Path]:
    """Write what was found, and a chart of each target that was timed; return the paths."""
    from fabric_widget.bench.chart import draw_chart

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "bench.json"]
    paths[0].write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for target in figures["targets"]:
        if any(row["ratio"] for row in target["rows"]):
            paths.append(folder / f"bench-{target['name']}.svg")
            paths[-1].write_text(draw_chart(target, figures["machine"]), encoding="utf-8")
    return paths


def _report(figures: Figures) -> list[str]:
    """Return what is printed, in paragraphs."""
    machine = figures["machine"]
    versions = machine["versions"]
    parts = [
        f"{machine['measured_on']}; torch {versions['torch']}, diffusers {versions['diffusers']}"
    ]
    for target in figures["targets"]:
        parts += [_headline(target), _table(target["rows"]), *_failures(target)]
    if any(target["rows"] for target in figures["targets"]):
        parts.append(_LEGEND)
    if figures["loading"]:
        parts.append(_loading(figures["loading"]))
    return parts


_LEGEND = """\
× plain: time of a step relative to the plain pipeline in the same repetition, median and quartiles.
× round: the same of whole rounds, from the call to the pictures. × FLOP: arithmetic of a step.
floor: attention to all tokens of the references and nothing else. peak: memory beyond the model.
exact: references lend all of their tokens. budget: as many as by default.
lens: the budget, with attention recorded for one picture."""
_HEADS = (
    *("references", "method", "step", "× plain", "quartiles", "× round", "× FLOP", "floor"),
    *("peak MiB", "cache MiB", "remembered"),
)
_WORDS = (1,)  # columns


def _headline(target: Figures) -> str:
    side, pictures = target["latent"], target["pictures"]
    liked = "half of the references disliked" if target["disliked"] else "references liked"
    return (
        f"{target['name']}: {target['title']}, {target['denoiser_parameters'] / 1e6:.1f} million "
        f"parameters.\n{pictures} × {side} × {side} latents, {target['dtype']}, "
        f"{target['steps']} steps, {target['repeats']} repeats, {liked}{_window(target)}. "
        f"A plain step takes {_flops(target['plain']['flops'])}."
    )


def _window(target: Figures) -> str:
    """Return when the references are read, if not at every step."""
    start, end = target["schedule"]["start"], target["schedule"]["end"]
    return "" if (start, end) == (0, 1) else f", read from {start:g} to {end:g} of the steps"


def _table(rows: Sequence[Figures]) -> str:
    lines: list[tuple[str, ...]] = []
    for above, row in zip((None, *rows), rows, strict=False):
        if above is not None and above["references"] != row["references"]:
            lines.append(())
        lines.append(_cells(row))
    return aligned(_HEADS, lines, texts=_WORDS)


def _cells(row: Figures) -> tuple[str, ...]:
    from fabric_widget.bench.chart import duration

    step, ratio, whole = row["step_seconds"], row["ratio"], row["round_ratio"]
    return (
        str(row["references"]),
        f"{row['method']}, {row['mode']}" if row["mode"] else row["method"],
        duration(step["median"]) if step else "",
        f"{ratio['median']:.2f}" if ratio else "",
        f"{ratio['low']:.2f}–{ratio['high']:.2f}" if ratio else "",
        f"{whole['median']:.2f}" if whole else "",
        _shown(row["flop_ratio"], ".2f"),
        _shown(row["floor"], ".2f"),
        _shown(row["peak_bytes"], ".0f", _MEBIBYTE),
        _shown(row["cache_bytes"] or None, ".1f", _MEBIBYTE),
        _shown(row["remembered"], ".0%"),
    )


def _shown(value: float | None, form: str, unit: int = 1) -> str:
    return "" if value is None else format(value / unit, form)


def _flops(flops: float | None) -> str:
    return "an unknown number of operations" if flops is None else f"{flops / _GIGA:.1f} GFLOP"


def _failures(target: Figures) -> list[str]:
    return [
        f"{failure['method']}: the memory is too small for {failure['references']} references."
        for failure in target["failures"]
    ]


def _loading(rows: Sequence[Figures]) -> str:
    from fabric_widget.bench.chart import duration

    lines = [
        (
            row["statement"],
            duration(row["seconds"]["median"]) if row["seconds"] else "",
            f"{row['ratio']['median']:.2f}" if row["ratio"] else "",
            f"{row['ratio']['low']:.2f}–{row['ratio']['high']:.2f}" if row["ratio"] else "",
        )
        for row in rows
    ]
    return aligned(("in a fresh process", "time", "× diffusers", "quartiles"), lines, texts=(0,))

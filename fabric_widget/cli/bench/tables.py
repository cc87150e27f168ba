"""What bench prints: the machine, a table for each target, a legend, the time that imports take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.cli.table import aligned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Figures = Mapping[str, Any]

_MEBIBYTE, _GIGA = 2**20, 10**9


def paragraphs(figures: Figures) -> list[str]:
    """Return what is printed, paragraph by paragraph."""
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
_TEXT_COLUMNS = (1,)


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
    return aligned(_HEADS, lines, texts=_TEXT_COLUMNS)


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

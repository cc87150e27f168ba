"""What came over from the reference, and what was measured of this pipeline before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.at_pipeline import fact_of_pipeline
from fabric_widget.color_and_form import look_of
from fabric_widget.widget.images.encoding import pixels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine import Fabric
    from fabric_widget.widget.playground.comparison import Comparison

_READ = ("kind", "color", "shape", "pattern", "background", "mood")
COMMAND = "python -m fabric_widget aspects"


def carried_of(
    result: Comparison, fabric: Fabric, measured: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what came over, as the trait `carried`.

    Returns
    -------
    dict
        ``color`` and ``form``: how much nearer to the reference the steered picture is than the
        plain one, 1 where it is like it, below 0 where it is farther, None where the plain one is
        like it already. ``read``: attributes of all three pictures, of the demo model alone.
        ``measured``: rows of shares that were measured of this pipeline, or none. ``command``
        measures them.
    """
    reference, plain, steered = (
        look_of(pixels(picture)) for picture in (result.reference, result.plain, result.steered)
    )
    ways = zip(plain.distances(reference), steered.distances(reference), strict=True)
    color, form = (round(1 - near / far, 3) if far > 0 else None for far, near in ways)
    return {
        "color": color,
        "form": form,
        "read": _readings(result) if _is_demo(fabric) else [],
        "measured": list(measured),
        "command": COMMAND,
    }


@fact_of_pipeline
def measured_of(fabric: Fabric) -> list[dict[str, Any]]:
    """Return the shares in color and form of each group of layers at each part of the steps."""
    from fabric_widget.demo import MODEL
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.votes.measured import kept_figures

    pipe = getattr(fabric, "pipe", None)
    figures = None if pipe is None else kept_figures(Denoiser(pipe).model)
    if figures is None and _is_demo(fabric):
        figures = json.loads((MODEL / "aspects.json").read_text(encoding="utf-8"))
    cells = (figures or {}).get("cells", [])
    try:
        return [
            {
                "layers": str(cell["group"]),
                "steps": str(cell["part"]),
                **{name: [cell[name][key] for key in _KEYS] for name in ("color", "form")},
            }
            for cell in cells
        ]
    except (KeyError, TypeError):  # written by another version
        return []


_KEYS = ("value", "low", "high")


@fact_of_pipeline
def _is_demo(fabric: Fabric) -> bool:
    from fabric_widget.demo import MODEL

    config = getattr(getattr(fabric, "pipe", None), "config", {})
    return Path(str(config.get("_name_or_path", ""))) == MODEL


def _readings(result: Comparison) -> list[dict[str, str]]:
    """Return attributes of the reference, the plain and the steered picture."""
    from fabric_widget.demo.reader import load_reader

    shown = [pixels(one) for one in (result.reference, result.plain, result.steered)]
    reference, plain, steered = load_reader().read(shown)
    return [
        {
            "name": name,
            "reference": reference.best(name),
            "plain": plain.best(name),
            "steered": steered.best(name),
        }
        for name in _READ
    ]

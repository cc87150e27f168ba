"""Everything that was measured, for JSON, and what the weights mean in words."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fabric_widget import __version__
from fabric_widget.engine.votes.aspects import COLORS, FORM, default_weights
from fabric_widget.evaluation.aspects.rule import cell_name, drawn_name
from fabric_widget.evaluation.aspects.shares import EVERYTHING, NOTHING

if TYPE_CHECKING:
    from fabric_widget.engine.votes.aspects import AspectWeights
    from fabric_widget.evaluation.aspects.cells import Grid
    from fabric_widget.evaluation.aspects.measurement import Measurement
    from fabric_widget.evaluation.aspects.shares import Estimate, Shares

    Figures = dict[str, Any]


def figures_of(measurement: Measurement) -> Figures:
    """Return all that was measured so far.

    Raises
    ------
    ValueError
        No reference was finished.
    """
    shares, grid, table = measurement.shares, measurement.grid, measurement.table
    if shares is None or grid is None:
        message = "nothing was measured yet: finish a reference first"
        raise ValueError(message)
    return {
        "version": __version__,
        "complete": measurement.complete,
        "settings": asdict(measurement.settings),
        "schedule": asdict(measurement.schedule),
        "references": shares.references,
        "steps": measurement.steps,
        "sites": len(grid.levels),
        "groups": [asdict(group) for group in grid.groups],
        "parts": [asdict(part) for part in grid.parts],
        "way": {name: measurement.distances[name].mean(axis=0).tolist() for name in _ENDS},
        "cells": [
            {"group": group.name, "part": part.name, **_row(shares, cell_name(group, part))}
            for group in grid.groups
            for part in grid.parts
        ],
        "aspects": [
            {
                "aspect": aspect,
                "by": "measured" if measured else "default",
                **_row(shares, drawn_name(aspect, measured=measured)),
            }
            for aspect in (COLORS, FORM)
            for measured in (False, True)
            if drawn_name(aspect, measured=measured) in shares.names
        ],
        "table": table and asdict(table),
        "words": {}
        if table is None
        else {
            COLORS: words_of(table.colors, COLORS, grid),
            FORM: words_of(table.form, FORM, grid),
        },
        "distances": {name: found.tolist() for name, found in measurement.distances.items()},
    }


_ENDS = (NOTHING, EVERYTHING)


def words_of(weights: AspectWeights | None, aspect: str, grid: Grid) -> str:
    """Return what an aspect means in words: its groups of sites, its steps."""
    known = weights or default_weights(grid.levels)[aspect]
    groups = [
        group.name if share == 1 else f"{group.name} × {share:.2g}"
        for group in grid.groups
        for share in (sum(known.layers[i] for i in group.sites) / len(group.sites),)
        if share > 0
    ]
    where = "all layers" if min(known.layers) == 1 else ", ".join(groups)
    whole = (known.start, known.end) == (0, 1)
    when = "all steps" if whole else f"steps from {known.start:.2f} to {known.end:.2f} of all"
    return f"{where}; {when}{'' if weights else ' (the default)'}"


def _row(shares: Shares, name: str) -> Figures:
    contrast = shares.contrast({name: 1.0})
    moves = {1: COLORS, -1: FORM, 0: ""}[contrast.sign]
    return {
        "color": _plain(shares.color(name)),
        "form": _plain(shares.form(name)),
        "contrast": _plain(contrast),
        "moves": moves,
    }


def _plain(estimate: Estimate) -> Figures:
    """Return an estimate; JSON has no word for what is not a number."""
    return {key: x if math.isfinite(x) else None for key, x in asdict(estimate).items()}

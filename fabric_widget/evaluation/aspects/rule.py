"""From shares to weights: what "colors" and "form" mean on a pipeline.

The contrast of a cell is its share of the way in color less that in form.

1. A group of sites is for colors if its mean contrast is at least 0.1 and the interval excludes 0;
   for form, if it is as far below. It has weight 1 for what it is for and 0 for the other; else it
   keeps the default weight.
2. In the same way a part of the steps is for colors or for form, by the mean contrast weighed by
   the weights of step 1. The parts at the beginning and at the end that are for the other aspect do
   not count.
3. Where nothing was decided for an aspect, or nothing is left of it, or there are too few
   references for an interval, the default stays.
4. It stays as well unless pictures drawn with these weights surely have a contrast in the direction
   of the aspect, and a greater one than pictures drawn with the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.engine.votes.aspects import (
    COLORS,
    FORM,
    AspectTable,
    AspectWeights,
    default_weights,
)

if TYPE_CHECKING:
    from fabric_widget.evaluation.aspects.cells import Grid, Group, Part
    from fabric_widget.evaluation.aspects.shares import Estimate, Shares

FEWEST = 5
"""With fewer references an interval says nothing."""
_LEAST = 0.1  # contrast: what is less is no reason to leave the default
_SIGNS = {COLORS: 1, FORM: -1}


def cell_name(group: Group, part: Part) -> str:
    """Return the name of a cell among shares."""
    return f"{group.name}, {part.name}"


def table_of(grid: Grid, shares: Shares) -> AspectTable:
    """Return what aspects mean by the shares of all cells of a pipeline."""
    default = default_weights(grid.levels)
    colors, form = (_weights(aspect, grid, shares) for aspect in (COLORS, FORM))
    return AspectTable(
        None if colors == default[COLORS] else colors, None if form == default[FORM] else form
    )


def drawn_name(aspect: str, *, measured: bool) -> str:
    """Return the name of an aspect among shares, drawn with measured or with default weights."""
    return f"{aspect}, {'measured' if measured else 'default'}"


def better_of(table: AspectTable, shares: Shares) -> AspectTable:
    """Return what is left of a table where the default separates color and form no worse."""

    def kept(aspect: str, weights: AspectWeights | None) -> AspectWeights | None:
        if weights is None:
            return None
        own = _SIGNS[aspect]
        measured, default = (
            shares.contrast({drawn_name(aspect, measured=m): 1.0}) for m in (True, False)
        )
        better = measured.sign == own and own * measured.value > own * default.value
        return weights if better else None

    return AspectTable(kept(COLORS, table.colors), kept(FORM, table.form))


def _weights(aspect: str, grid: Grid, shares: Shares) -> AspectWeights | None:
    """Return the weights of an aspect, or None for the default."""
    if shares.references < FEWEST:
        return None
    own = _SIGNS[aspect]
    layers = list(default_weights(grid.levels)[aspect].layers)
    decided = False
    for group in grid.groups:
        cells = {cell_name(group, part): 1.0 for part in grid.parts}
        sign = _sign(shares.contrast(cells))
        decided = decided or sign != 0
        for i in group.sites:
            layers[i] = layers[i] if sign == 0 else float(sign == own)
    if not any(layers):
        return None
    signs = [_sign_of(part, layers, grid, shares) for part in grid.parts]
    kept = [part for part, sign in zip(grid.parts, signs, strict=True) if sign != -own]
    if not kept or not (decided or any(signs)):
        return None
    return AspectWeights(tuple(layers), kept[0].start, kept[-1].end)


def _sign_of(part: Part, layers: list[float], grid: Grid, shares: Shares) -> int:
    """Return what a part of the steps is for, among sites of these weights."""
    weights = {
        cell_name(group, part): sum(layers[i] for i in group.sites) / len(group.sites)
        for group in grid.groups
    }
    return _sign(shares.contrast(weights))


def _sign(contrast: Estimate) -> int:
    """Return 1 for colors, -1 for form, 0 where the contrast says nothing."""
    return contrast.sign if abs(contrast.value) >= _LEAST else 0

"""Cells: groups of attention sites, each at a part of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.engine.schedule import coarseness
from fabric_widget.engine.votes.aspects import AspectWeights

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEPTHS = ("first layers", "middle layers", "last layers")
_PARTS = {1: ("all",), 2: ("early", "late"), 3: ("early", "middle", "late")}


@dataclass(frozen=True)
class Group:
    """Attention sites that are measured together.

    Parameters
    ----------
    name
        What they have in common, in words.
    sites
        Their indices.
    """

    name: str
    sites: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A part of the steps.

    Parameters
    ----------
    name
        In words.
    start, end
        As fractions of all, 0 … 1; the end does not belong to it.
    """

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Grid:
    """All cells of a pipeline.

    Parameters
    ----------
    levels
        Coarseness of each site, 0 (finest) … 1.
    groups, parts
        The rows and the columns. Every site is in one group.
    """

    levels: tuple[float, ...]
    groups: tuple[Group, ...]
    parts: tuple[Part, ...]

    def weights(self, group: Group, part: Part) -> AspectWeights:
        """Return the weights of a cell: 1 in it, 0 elsewhere."""
        inside = tuple(float(i in group.sites) for i in range(len(self.levels)))
        return AspectWeights(inside, part.start, part.end)


def grid_of(tokens: Sequence[int], steps: int) -> Grid:
    """Return the cells of a pipeline.

    Sites are grouped by their attention level, the finest first; where there is only one, by thirds
    of the depth.

    Parameters
    ----------
    tokens
        How many tokens of the picture each site has, in order of execution.
    steps
        How many there are; fewer than three have fewer parts.
    """
    levels = coarseness(tokens)
    if len(set(levels)) > 1:
        found: dict[int, list[int]] = {}
        for i, count in enumerate(tokens):
            found.setdefault(count, []).append(i)
        ordered = sorted(found.items(), reverse=True)
        groups = [Group(f"{count} tokens", tuple(sites)) for count, sites in ordered]
    else:
        depths = np.array_split(np.arange(len(tokens)), min(len(_DEPTHS), len(tokens)))
        named = zip(_DEPTHS, depths, strict=False)
        groups = [Group(name, tuple(sites.tolist())) for name, sites in named]
    names = _PARTS[min(steps, max(_PARTS))]
    parts = [Part(n, i / len(names), (i + 1) / len(names)) for i, n in enumerate(names)]
    return Grid(tuple(levels), tuple(groups), tuple(parts))

"""An influence of random attention: what the engine would have recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from fabric_widget.engine.lens.influence import Influence, Level, Maps, Seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Grid = tuple[int, int, int, int]
    """Rows and columns of a level's maps, then those of the references."""

GRIDS: tuple[Grid, ...] = ((4, 6, 3, 3), (2, 3, 2, 2))


def random_influence(
    strengths: Mapping[str, float],
    *,
    grids: Sequence[Grid] = GRIDS,
    parts: int = 2,
    seed: int = 0,
) -> Influence:
    """Return softmaxes of random numbers, other ones for each part and level.

    Parameters
    ----------
    strengths
        By the ids of the references, the liked ones first.
    grids
        Of each level, the finest first.
    parts
        How many there are, of two steps each.
    seed
        Of the random numbers.
    """
    random = torch.Generator().manual_seed(seed)
    references = tuple(Seen(name, strength, 1, 1) for name, strength in strengths.items())
    levels = tuple(
        Level(4 * rows * columns, rows, columns, 1 + index)
        for index, (rows, columns, _, _) in enumerate(grids)
    )
    recorded = tuple(tuple(_maps(references, grid, random) for grid in grids) for _ in range(parts))
    ranges = tuple(range(2 * part, 2 * part + 2) for part in range(parts))
    return Influence(0, references, ranges, levels, (2,) * parts, recorded)


def _maps(references: Sequence[Seen], grid: Grid, random: torch.Generator) -> Maps:
    rows, columns, down, right = grid
    own: list[torch.Tensor] = []
    looks: list[torch.Tensor] = [torch.zeros(grid)] * len(references)
    for liked in (False, True):
        mine = [index for index, one in enumerate(references) if one.liked is liked]
        size = 1 + len(mine) * down * right
        attention = (2 * torch.randn((rows, columns, size), generator=random)).softmax(-1)
        own.append(attention[..., 0])
        lent = attention[..., 1:].reshape(rows, columns, len(mine), down, right)
        for place, index in enumerate(mine):
            looks[index] = lent[:, :, place]
    shares = [look.sum((-1, -2)) for look in looks]
    return Maps(torch.stack(own), torch.stack(shares) if shares else torch.zeros(0), looks)

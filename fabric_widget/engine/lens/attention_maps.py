"""Attention probabilities, pooled into maps: tensor algebra for the lens.

The softmax over own and borrowed keys is computed once more for observed rows, in float32 at least,
whichever way a layer itself takes: every device, mask and grouping of references is seen alike.

probabilities  the softmax, averaged over heads
observed       the same for one row of an attention call and what it borrows
pooled         its places gathered into cells
cell_grid      how many cells a picture's tokens are gathered into
Sums           maps added up over calls
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.engine.attention.place import Attention
    from fabric_widget.engine.attention.tokens import Lent, Origin

    Grid = tuple[int, int]  # rows and columns

_CHUNK = 2**21  # probabilities computed at once


def probabilities(
    queries: torch.Tensor, keys: torch.Tensor, bias: torch.Tensor, scale: float | None = None
) -> Iterator[torch.Tensor]:
    """Yield the softmax over all keys, averaged over heads, some queries after the others.

    Parameters
    ----------
    queries, keys
        (H, N, D) and (H, M, D).
    bias
        Added to the scores, broadcastable to (H, N, M).
    scale
        Factor of the scores; 1/√D by default.

    Yields
    ------
    torch.Tensor
        (n, M); each row adds up to one.
    """
    scale = queries.shape[-1] ** -0.5 if scale is None else scale
    size = max(_CHUNK // (len(queries) * keys.shape[1]), 1)
    bias = bias.expand(-1, queries.shape[1], -1)
    for part, biased in zip(torch.split(queries, size, 1), torch.split(bias, size, 1), strict=True):
        scores = torch.baddbmm(biased, part, keys.transpose(1, 2), alpha=scale)
        yield scores.softmax(-1).mean(0)


class Borrowed(NamedTuple):
    """Keys that one side lends to one attention call, reference by reference."""

    keys: torch.Tensor  # (1, H or fewer, M, D)
    bias: torch.Tensor  # (M,): logarithms of the weights

    @classmethod
    def of(cls, lent: Sequence[Lent], factors: Sequence[float]) -> Borrowed:
        """Return the keys of references with their weights, 0 or more."""
        keys = torch.cat([part.keys for part in lent], dim=-2)
        lengths = [part.keys.shape[-2] for part in lent]
        logs = [math.log(factor) if factor > 0 else -math.inf for factor in factors]
        bias = torch.tensor(logs).repeat_interleave(torch.tensor(lengths))
        return cls(keys, bias.to(keys.device))


def observed(
    call: Attention, row: int, queries: slice, borrowed: Borrowed
) -> Iterator[torch.Tensor]:
    """Yield the attention of one row to its own and to lent keys, as `probabilities` does.

    Parameters
    ----------
    call
        What the layer computes.
    row, queries
        Of the batch, and those of the picture.
    borrowed
        What is borrowed.
    """
    asking = call.query[row][:, queries]
    heads, exact = len(asking), torch.promote_types(asking.dtype, torch.float32)
    keys = torch.cat([call.key[row], borrowed.keys[0].to(call.key)], dim=-2)
    if len(keys) != heads:  # some heads share theirs
        keys = keys.repeat_interleave(heads // len(keys), dim=0)
    bias = borrowed.bias.to(exact)
    length = call.key.shape[-2]
    if call.attn_mask is None:
        bias = torch.cat([bias.new_zeros(length), bias]).expand(1, 1, -1)
    else:
        mask = call.attn_mask.expand(*call.query.shape[:-1], length)[row][:, queries]
        if mask.dtype == torch.bool:
            mask = mask.new_zeros(mask.shape, dtype=exact).masked_fill(~mask, -math.inf)
        bias = torch.cat([mask.to(exact), bias.expand(*mask.shape[:-1], -1)], dim=-1)
    yield from probabilities(asking.to(exact), keys.to(exact), bias, call.scale)


def cell_grid(origin: Origin, cells: int) -> Grid:
    """Return the rows and columns of cells into which a picture's tokens are pooled."""
    return min(origin.rows, cells), min(origin.columns, cells)


@functools.lru_cache(maxsize=256)
def cells_of(origin: Origin, grid: Grid) -> torch.Tensor:
    """Return the cell of each token, row by row, int64, read-only."""
    places = origin.places()
    rows = places // origin.columns * grid[0] // origin.rows
    columns = places % origin.columns * grid[1] // origin.columns
    return rows * grid[1] + columns


@functools.lru_cache(maxsize=32)
def _pooling(origin: Origin, grid: Grid) -> torch.Tensor | None:
    """Return the matrix, (cells, tokens), that takes means over cells; None if each is a token."""
    if origin.tokens == grid[0] * grid[1]:
        return None
    members = torch.nn.functional.one_hot(cells_of(origin, grid), grid[0] * grid[1]).float()
    return (members / members.sum(0)).T.contiguous()


def pooled(rows: Iterator[torch.Tensor], origin: Origin, grid: Grid) -> torch.Tensor:
    """Return the means over the tokens of each cell.

    Parameters
    ----------
    rows
        Probabilities of some places after the others, (n, M).
    origin
        How the places stand.
    grid
        Of cells.

    Returns
    -------
    torch.Tensor
        (M, cells), contiguous.
    """
    matrix = _pooling(origin, grid)
    if matrix is None:
        return torch.cat(list(rows)).T.contiguous()
    total, start = None, 0
    for part in rows:
        weights = matrix[:, start : start + len(part)].to(part)
        mean = part.T @ weights.T
        total = mean if total is None else total.add_(mean)
        start += len(part)
    if total is None:
        message = "a picture has at least one place"
        raise AssertionError(message)
    return total


class Means(NamedTuple):
    """Maps of one side at one level, float16 on the CPU; the last axis counts cells."""

    own: torch.Tensor  # (cells,)
    shares: torch.Tensor  # (R, cells)
    looks: Sequence[torch.Tensor]  # of each reference (its rows, its columns, cells); or nothing

    @classmethod
    def nothing(cls, grid: Grid, grids: Sequence[Grid], *, looks: bool) -> Means:
        """Return the maps of a side without loans: all attention stays with the picture."""
        cells = grid[0] * grid[1]
        return cls(
            torch.ones(cells, dtype=torch.float16),
            torch.zeros(len(grids), cells, dtype=torch.float16),
            [torch.zeros(*other, cells, dtype=torch.float16) for other in grids] if looks else [],
        )


class Sums:
    """Maps of one side at one level, summed over calls and rows.

    Parameters
    ----------
    grids
        Cells of each reference.
    cells
        Number of the picture's.
    looks
        Whether it is added up where in the references the attention went.
    like
        A tensor of the device.
    """

    def __init__(
        self, grids: Sequence[Grid], cells: int, *, looks: bool, like: torch.Tensor
    ) -> None:
        self.grids = grids
        self._count = 0
        self._shares = like.new_zeros(1 + len(grids), cells)
        sizes = [rows * columns for rows, columns in grids]
        self._looks = like.new_zeros(sum(sizes), cells) if looks else None
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]

    def add(self, seen: torch.Tensor, origins: Sequence[Origin], lengths: Sequence[int]) -> None:
        """Add the maps of one row of one call.

        Parameters
        ----------
        seen
            (own keys and all references' tokens, cells).
        origins, lengths
            How the tokens of each reference stand, and how many they are.
        """
        own = len(seen) - sum(lengths)
        counts = torch.tensor([own, *lengths])
        whose = torch.arange(len(counts)).repeat_interleave(counts)
        self._count += 1
        self._shares.index_add_(0, whose.to(seen.device), seen)
        if self._looks is not None:
            cells = [
                cells_of(origin, grid) + start
                for origin, grid, start in zip(origins, self.grids, self._starts, strict=True)
            ]
            self._looks.index_add_(0, torch.cat(cells).to(seen.device), seen[own:])

    def means(self) -> Means:
        """Return the means over all calls and rows."""
        shares = _kept(self._shares / self._count)
        looks: list[torch.Tensor] = []
        if self._looks is not None:
            sizes = [rows * columns for rows, columns in self.grids]
            parts = torch.split(_kept(self._looks / self._count), sizes)
            looks = [part.reshape(*grid, -1) for part, grid in zip(parts, self.grids, strict=True)]
        return Means(shares[0], shares[1:], looks)


def _kept(maps: torch.Tensor) -> torch.Tensor:
    return maps.to("cpu", torch.float16)

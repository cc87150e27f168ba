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

from fabric_widget.engine.attention.calls import linear_shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.engine.attention.place import Attention
    from fabric_widget.engine.attention.tokens import Lent, Origin
    from fabric_widget.engine.lens.influence import Level

    Grid = tuple[int, int]  # rows and columns

_CHUNK = 2**21  # probabilities computed at once


def probabilities(
    queries: torch.Tensor,
    keys: torch.Tensor,
    bias: torch.Tensor,
    scale: float | None = None,
    *,
    linear: bool = False,
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
    linear
        Whether the products of queries and keys, none negative, are the shares.

    Yields
    ------
    torch.Tensor
        (n, M); each row adds up to one.
    """
    scale = queries.shape[-1] ** -0.5 if scale is None else scale
    size = max(_CHUNK // (len(queries) * keys.shape[1]), 1)
    bias = bias.expand(-1, queries.shape[1], -1)
    for part, biased in zip(torch.split(queries, size, 1), torch.split(bias, size, 1), strict=True):
        if linear:
            yield linear_shares((part @ keys.mT) * biased.exp()).mean(0)
            continue
        scores = torch.baddbmm(biased, part, keys.transpose(1, 2), alpha=scale)
        yield scores.softmax(-1).mean(0)


class Borrowed(NamedTuple):
    """Keys that one side lends to one attention call, reference by reference."""

    keys: torch.Tensor  # (1, H or fewer, M, D)
    bias: torch.Tensor  # (1, M), or (N, M) for each place: logarithms of the weights

    @classmethod
    def of(cls, lent: Sequence[Lent], factors: Sequence[float | torch.Tensor]) -> Borrowed:
        """Return the keys of references with their weights, 0 or more, or one for each place."""
        keys = torch.cat([part.keys for part in lent], dim=-2)
        lengths = torch.tensor([part.keys.shape[-2] for part in lent])
        logs = [torch.as_tensor(factor, dtype=torch.float64).log().float() for factor in factors]
        places = max(log.numel() for log in logs)
        bias = torch.stack([log.expand(places) for log in logs], dim=-1)
        return cls(keys, bias.repeat_interleave(lengths, dim=-1).to(keys.device))


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
        bias = torch.cat([bias.new_zeros(len(bias), length), bias], dim=-1)[None]
    else:
        mask = call.attn_mask.expand(*call.query.shape[:-1], length)[row][:, queries]
        if mask.dtype == torch.bool:
            mask = mask.new_zeros(mask.shape, dtype=exact).masked_fill(~mask, -math.inf)
        bias = torch.cat([mask.to(exact), bias.expand(*mask.shape[:-1], -1)], dim=-1)
    yield from probabilities(asking.to(exact), keys.to(exact), bias, call.scale, linear=call.linear)


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


class Sums:
    """Maps of one side at one level, summed over calls and rows.

    Parameters
    ----------
    references
        How many there are on the side.
    level
        Its cells are the picture's.
    looks
        Whether it is added up where in the references the attention went.
    like
        A tensor of the device.
    """

    def __init__(self, references: int, level: Level, *, looks: bool, like: torch.Tensor) -> None:
        self._cells = level.rows * level.columns
        self._count = 0
        exact = torch.promote_types(like.dtype, torch.float32)
        self._shares = like.new_zeros(1 + references, self._cells, dtype=exact)
        self._looks: dict[int, torch.Tensor] = {}
        self._grids: dict[int, Grid] = {}
        self._looking = looks

    def add_nothing(self) -> None:
        """Count one row of one call that borrows nothing: all attention stays with the picture."""
        self._count += 1
        self._shares[0] += 1

    def add(
        self, seen: torch.Tensor, places: Sequence[int], lent: Sequence[Lent], cells: int
    ) -> None:
        """Add the maps of one row of one call.

        Parameters
        ----------
        seen
            (own keys and all references' tokens, cells).
        places
            Indices of the references among those of the side.
        lent
            What each reference lends.
        cells
            How many cells on a side a reference's tokens are gathered into at most.
        """
        lengths = [part.keys.shape[-2] for part in lent]
        own = len(seen) - sum(lengths)
        whose = torch.tensor([0, *(place + 1 for place in places)])
        counts = torch.tensor([own, *lengths])
        self._count += 1
        self._shares.index_add_(0, whose.repeat_interleave(counts).to(seen.device), seen)
        if not self._looking:
            return
        parts = torch.split(seen[own:], lengths)
        for place, origin, part in zip(places, (x.origin for x in lent), parts, strict=True):
            grid = self._grids.setdefault(place, cell_grid(origin, cells))
            if place not in self._looks:
                self._looks[place] = seen.new_zeros(grid[0] * grid[1], self._cells)
            self._looks[place].index_add_(0, cells_of(origin, grid).to(seen.device), part)

    def means(self) -> Means:
        """Return the means over all calls and rows; where there were none, everything stayed."""
        shares = self._shares / max(self._count, 1)
        if not self._count:
            shares[0] = 1
        looks = []
        for place in range(len(self._shares) - 1) if self._looking else ():
            rows, columns = self._grids.get(place, (1, 1))
            summed = self._looks.get(place, self._shares.new_zeros(1, self._cells))
            looks.append(_kept(summed / max(self._count, 1)).reshape(rows, columns, -1))
        kept = _kept(shares)
        return Means(kept[0], kept[1:], looks)


def _kept(maps: torch.Tensor) -> torch.Tensor:
    return maps.to("cpu", torch.float16)

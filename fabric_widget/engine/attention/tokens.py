"""Tokens that a reference lends to one layer: all of them, or a regular lattice."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from fabric_widget.engine.attention.core import Loan

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOPE = 0.382  # of a lattice: rows shifted by this share of the stride leave no gaps in columns
_LEAST = 4  # tokens of a reference that any thinning leaves


class Lent(NamedTuple):
    """Keys and values that one reference recorded in one layer.

    Parameters
    ----------
    keys, values
        (1, H, M, D).
    tokens
        N, of the whole reference; M of them were recorded.
    columns
        How many of the M stand in one row of the picture; M itself if rows are not known.
    lattices
        How the M were chosen from the N: arguments of `lattice`, the first on the N, each further
        one on what the one before it left.
    """

    keys: torch.Tensor
    values: torch.Tensor
    tokens: int
    columns: int
    lattices: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def factor(self) -> float:
        """Number of the reference's tokens for which each recorded one stands."""
        return self.tokens / self.keys.shape[-2]

    @property
    def origin(self) -> Origin:
        """Positions of the recorded tokens within the reference."""
        columns = self.lattices[0][1] if self.lattices else self.columns
        return Origin(self.tokens, columns, self.lattices)

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and values."""
        return sum(x.numel() * x.element_size() for x in (self.keys, self.values))

    def thinned(self, stride: int, phase: int) -> Lent:
        """Return one of `stride` tokens, on a lattice that moves with `phase`."""
        count = self.keys.shape[-2]
        stride = max(min(stride, count // _LEAST), 1)
        if stride == 1:
            return self
        thinning = (count, self.columns, stride, phase)
        chosen = lattice(*thinning).to(self.keys.device)
        whole = self.columns % stride == 0 and count > self.columns
        return Lent(
            self.keys.index_select(-2, chosen),
            self.values.index_select(-2, chosen),
            self.tokens,
            self.columns // stride if whole else len(chosen),
            (*self.lattices, thinning),
        )


class Origin(NamedTuple):
    """Positions of the remaining tokens within the whole reference."""

    tokens: int
    columns: int
    lattices: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows of the whole reference."""
        return self.tokens // self.columns

    def places(self) -> torch.Tensor:
        """Return the index in the whole reference of each token left, int64."""
        places = torch.arange(self.tokens)
        for thinning in self.lattices:
            places = places[lattice(*thinning)]
        return places


@functools.lru_cache(maxsize=512)
def lattice(count: int, columns: int, stride: int, phase: int) -> torch.Tensor:
    """Return the indices of one in `stride` tokens, spread evenly over rows and columns.

    Over `stride` consecutive phases each place comes exactly once.

    Parameters
    ----------
    count
        Number of places, row after row.
    columns
        Number of places in a row.
    stride
        1 … `count`.
    phase
        Which of the lattices.

    Returns
    -------
    torch.Tensor
        Indices in increasing order, int64; remembered, so not to be written to.
    """
    place = torch.arange(count)
    row, column = place // columns, place % columns
    shift = row * max(round(stride * _SLOPE), 1)
    return place[(column + shift) % stride == phase % stride]


def columns_of(tokens: int, aspect: float) -> int:
    """Return the number of tokens in a row of the picture, or `tokens` if it cannot be told.

    Parameters
    ----------
    tokens
        Number of tokens.
    aspect
        Width of the picture, divided by its height.
    """
    columns = round(math.sqrt(tokens * aspect))
    return columns if 0 < columns <= tokens and tokens % columns == 0 else tokens


def grouped(lent: Sequence[Lent], factors: Sequence[float]) -> list[Loan]:
    """Return the lent tokens as loans, references of equal weight joined into one.

    Parameters
    ----------
    lent
        What each lends.
    factors
        The weight of each; 0 lends nothing.
    """
    groups: dict[float, list[Lent]] = {}
    for part, factor in zip(lent, factors, strict=True):
        if factor > 0:
            groups.setdefault(factor, []).append(part)
    return [
        Loan(
            _joined([part.keys for part in group]),
            _joined([part.values for part in group]),
            math.log(factor),
        )
        for factor, group in groups.items()
    ]


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim=-2)

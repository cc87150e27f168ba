"""Tokens that a reference lends to one layer: all of them, those of a part, a regular lattice."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from fabric_widget.engine.attention.core import Loan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SLOPE = 0.382  # of a lattice: rows shifted by this share of the stride leave no gaps in columns
_LEAST = 4  # tokens of a reference that any thinning leaves
_INT8 = 127  # the largest number of eight bits
_MOSTLY = 0.5  # of a token belongs to a part that it counts to


class Lattice(NamedTuple):
    """One of `stride` places, as `lattice` chooses them."""

    total: int
    columns: int
    stride: int
    phase: int

    @property
    def places(self) -> torch.Tensor:
        """Indices of the places, in increasing order, int64; not to be written to."""
        return lattice(*self)


class Picked(NamedTuple):
    """Places chosen one by one."""

    indices: tuple[int, ...]

    @property
    def places(self) -> torch.Tensor:
        """Indices of the places, in increasing order, int64."""
        return torch.tensor(self.indices)


Choice = Lattice | Picked


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
    whole_columns
        How many of the N stand in one row of the whole reference; as `columns` if 0.
    choices
        How the M were chosen from the N: the first from the N, each further one from what the one
        before it left.
    scales
        (2, 1, H, M, 1), of keys and values: those are int8, and times their scale what they were.
    """

    keys: torch.Tensor
    values: torch.Tensor
    tokens: int
    columns: int
    whole_columns: int = 0
    choices: tuple[Choice, ...] = ()
    scales: torch.Tensor | None = None

    @property
    def factor(self) -> float:
        """Number of the reference's tokens for which each recorded one stands."""
        return self.tokens / self.keys.shape[-2]

    @property
    def origin(self) -> Origin:
        """Positions of the recorded tokens within the reference."""
        return Origin(self.tokens, self.whole_columns or self.columns, self.choices)

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and values, and of their scales."""
        return sum(x.numel() * x.element_size() for x in self.tensors)

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All that takes memory."""
        return [x for x in (self.keys, self.values, self.scales) if x is not None]

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> Lent:
        """Return the same somewhere else."""
        scales = None if self.scales is None else move(self.scales)
        return self._replace(keys=move(self.keys), values=move(self.values), scales=scales)

    def rounded(self) -> Lent:
        """Return keys and values in eight bits, with a scale for each token in each head."""
        both = torch.stack([self.keys, self.values]).float()  # a quotient in half would overflow
        scales = (both.abs().amax(-1, keepdim=True) / _INT8).to(self.keys.dtype)
        tiny = torch.finfo(torch.float32).tiny
        whole = (both / scales.float().clamp_min(tiny)).round().clamp(-_INT8, _INT8)
        keys, values = whole.to(torch.int8)
        return self._replace(keys=keys, values=values, scales=scales)

    def restored(self) -> Lent:
        """Return keys and values as layers take them."""
        if self.scales is None:
            return self
        keys, values = (
            x * scale for x, scale in zip((self.keys, self.values), self.scales, strict=True)
        )
        return self._replace(keys=keys, values=values, scales=None)

    def thinned(self, stride: int, phase: int) -> Lent:
        """Return one of `stride` tokens, on a lattice that moves with `phase`."""
        count = self.keys.shape[-2]
        stride = max(min(stride, count // _LEAST), 1)
        if stride == 1:
            return self
        whole = self.columns % stride == 0 and count > self.columns
        choice = Lattice(count, self.columns, stride, phase)
        return self._chosen(choice, self.columns // stride if whole else 0)

    def within(self, covered: torch.Tensor) -> Lent:
        """Return the tokens of a part; that with the most of it, if none lies mostly in it.

        Parameters
        ----------
        covered
            How much of each token of the whole reference belongs to the part, (N,), 0 … 1.
        """
        inside = mostly(covered[self.origin.places()])
        if bool(inside.all()):
            return self
        return self._chosen(Picked(tuple(inside.nonzero().flatten().tolist())), 0)

    def _chosen(self, choice: Choice, columns: int) -> Lent:
        """Return some of the tokens; `columns` is 0 where they no longer stand in rows."""
        chosen = choice.places.to(self.keys.device)
        return Lent(
            self.keys.index_select(-2, chosen),
            self.values.index_select(-2, chosen),
            self.tokens,
            columns or len(chosen),
            self.whole_columns or self.columns,
            (*self.choices, choice),
        )


class Origin(NamedTuple):
    """Positions of the remaining tokens within the whole reference."""

    tokens: int
    columns: int
    choices: tuple[Choice, ...] = ()

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the whole reference."""
        return self.rows, self.columns

    @property
    def rows(self) -> int:
        """Number of rows of the whole reference."""
        return self.tokens // self.columns

    def places(self) -> torch.Tensor:
        """Return the index in the whole reference of each token left, int64."""
        places = torch.arange(self.tokens)
        for choice in self.choices:
            places = places[choice.places]
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


def mostly(covered: torch.Tensor) -> torch.Tensor:
    """Return which tokens lie mostly in a part; those with the most of it, if none does.

    Parameters
    ----------
    covered
        How much of each token belongs to the part, (N,), 0 … 1.
    """
    inside = covered > _MOSTLY
    return inside if bool(inside.any()) else covered == covered.max()


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


def grouped(lent: Sequence[Lent], factors: Sequence[float | torch.Tensor]) -> list[Loan]:
    """Return the lent tokens as loans, references of equal weight joined into one.

    Parameters
    ----------
    lent
        What each lends.
    factors
        The weight of each, or of each for every place of the picture, (N,); 0 lends nothing.
    """
    groups: dict[float, list[Lent]] = {}
    single: list[Loan] = []
    for part, factor in zip(lent, factors, strict=True):
        if isinstance(factor, torch.Tensor):
            single.append(Loan(part.keys, part.values, factor.log().to(part.keys.device)))
        elif factor > 0:
            groups.setdefault(factor, []).append(part)
    return single + [
        Loan(
            _joined([part.keys for part in group]),
            _joined([part.values for part in group]),
            math.log(factor),
        )
        for factor, group in groups.items()
    ]


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim=-2)

"""Influence: how much attention each reference received, where and at which steps."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Seen:
    """A reference as the lens reports it.

    Parameters
    ----------
    id
        Of the picture.
    strength
        As voted, -2 … 2: liked above 0, disliked below.
    width, height
        Its proportions: in pixels, or 1 and 1 for a picture of the pipeline's own size where that
        is not told.
    """

    id: str
    strength: float
    width: int
    height: int

    @property
    def liked(self) -> bool:
        """Whether the reference is a liked one."""
        return self.strength > 0


@dataclass(frozen=True)
class Level:
    """The attention layers with equally many tokens.

    Parameters
    ----------
    tokens
        Of the picture in such a layer.
    rows, columns
        Of cells in the maps of this level: as many as of tokens, or fewer. One row where the
        number of tokens does not tell how they stand.
    sites
        Number of layers.
    """

    tokens: int
    rows: int
    columns: int
    sites: int


class Maps(NamedTuple):
    """Maps of one level during one part of the steps; float16 on the CPU."""

    own: torch.Tensor  # (2, rows, columns): where disliked ones are borrowed, where liked ones are
    shares: torch.Tensor  # (R, rows, columns)
    looks: Sequence[torch.Tensor]  # of each reference (rows, columns, its rows, its columns)

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return sum(x.numel() * x.element_size() for x in (self.own, self.shares, *self.looks))


@dataclass(frozen=True, eq=False)
class Influence:
    """Share of each place's attention that went to each reference.

    In every layer that borrows, the softmax over own and borrowed keys divides the attention of
    each place. All maps are means over the attention heads, over the layers of a level and over
    the recorded steps. Places are those of the picture, cell by cell; a cell is the mean of its
    places. Liked references share the attention of the conditional pass, disliked ones that of the
    unconditional pass; without guidance disliked ones are shown as they are looked at by the pass
    that the picture is moved away from. Of each side, what stayed and the shares add up to one at
    every place. Where a side lent nothing, everything stayed.

    Parameters
    ----------
    image
        Index of the picture in its round, or None for the mean over all.
    references
        What was lent: the liked ones, then the disliked ones.
    parts
        The ranges of steps, from 0. A part begins and ends at steps where references count.
    levels
        The finest first.
    steps
        How many steps of each part were recorded.
    """

    image: int | None
    references: tuple[Seen, ...]
    parts: tuple[range, ...]
    levels: tuple[Level, ...]
    steps: tuple[int, ...]
    _maps: tuple[tuple[Maps, ...], ...] = field(repr=False)  # by part, by level

    def shares(self, *, level: int | None = None, part: int | None = None) -> torch.Tensor:
        """Return the share of each place's attention that went to each reference.

        Parameters
        ----------
        level
            Index into `levels`; None for the mean over the layers of all of them, coarser ones
            repeated up to the finest one's cells.
        part
            Index into `parts`; None for the mean over all recorded steps.

        Returns
        -------
        torch.Tensor
            (references, rows, columns), float32, 0 … 1.

        Raises
        ------
        ValueError
            There is no such level or part.
        """
        return self._mean(level, part, lambda maps: maps.shares)

    def own(
        self, *, liked: bool, level: int | None = None, part: int | None = None
    ) -> torch.Tensor:
        """Return the share of each place's attention that stayed with the picture and its text.

        Measured as the references' shares are, not what they leave.

        Parameters
        ----------
        liked
            Whether in the pass that borrows the liked references, or in that of the disliked ones.
        level, part
            As for `shares`.

        Returns
        -------
        torch.Tensor
            (rows, columns), float32, 0 … 1.

        Raises
        ------
        ValueError
            There is no such level or part.
        """
        return self._mean(level, part, lambda maps: maps.own[int(liked)])

    def looks(self, reference: int, *, level: int, part: int | None = None) -> torch.Tensor:
        """Return where in a reference each place attended.

        Parameters
        ----------
        reference
            Index into `references`.
        level, part
            As for `shares`; a reference's cells differ from level to level.

        Returns
        -------
        torch.Tensor
            (rows, columns, the reference's rows, its columns), float32. The sum over the last two
            is the reference's share of that place.

        Raises
        ------
        ValueError
            There is no such reference, level or part, or looks were not recorded.
        """
        _check("reference", reference, len(self.references))
        if not all(maps.looks for maps in self._maps[0]):
            message = "where places looked was not recorded: ask for it with Lens(looks=True)"
            raise ValueError(message)
        places = self._mean(level, part, lambda maps: maps.looks[reference].permute(2, 3, 0, 1))
        return places.permute(2, 3, 0, 1)

    @functools.cached_property
    def contributions(self) -> Mapping[str, float]:
        """Mean share of each reference, by its id: over cells, levels and recorded steps."""
        means = self.shares().mean((1, 2)).tolist()
        named = zip(self.references, means, strict=True)
        return MappingProxyType({seen.id: mean for seen, mean in named})

    @property
    def nbytes(self) -> int:
        """Bytes of all maps."""
        return sum(maps.nbytes for levels in self._maps for maps in levels)

    def _mean(
        self, level: int | None, part: int | None, read: Callable[[Maps], torch.Tensor]
    ) -> torch.Tensor:
        """Return the mean of what `read` returns; rows and columns are its last two axes."""
        if level is not None:
            _check("level", level, len(self.levels))
        if part is not None:
            _check("part", part, len(self.parts))
        parts = range(len(self.parts)) if part is None else (part,)
        levels = range(len(self.levels)) if level is None else (level,)
        finest = self.levels[0]
        summed: torch.Tensor | None = None
        for p in parts:
            for n in levels:
                found = read(self._maps[p][n]).float()
                if level is None:
                    found = _repeated(found, finest.rows, finest.columns)
                found = found * (self.steps[p] * self.levels[n].sites)
                summed = found if summed is None else summed + found
        total = sum(self.steps[p] for p in parts) * sum(self.levels[n].sites for n in levels)
        if summed is None:
            message = "an influence has at least one part and one level"
            raise AssertionError(message)
        return summed / total


def _repeated(maps: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Return maps, (…, r, c), with each cell repeated up to `rows` and `columns`."""
    r, c = maps.shape[-2:]
    row, column = torch.arange(rows) * r // rows, torch.arange(columns) * c // columns
    return maps[..., row, :][..., column]


def _check(name: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        message = f"{name} is {index!r}: give 0 … {count - 1}"
        raise ValueError(message)

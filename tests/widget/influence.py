"""An influence of random attention: what the engine would have recorded, without an engine."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Seen:
    id: str
    strength: float
    width: int = 1
    height: int = 1


@dataclass(frozen=True)
class Level:
    tokens: int
    rows: int
    columns: int
    sites: int


class Influence:
    """Softmaxes of random numbers, for each part and level.

    Parameters
    ----------
    strengths
        By the ids of the references.
    grids
        Rows and columns of each level's map, then those of its references.
    parts
        How many.
    nbytes
        What it claims to take.
    """

    image = 0

    def __init__(
        self,
        strengths: Mapping[str, float],
        *,
        grids: Sequence[tuple[int, int, int, int]] = ((4, 6, 3, 3), (2, 3, 2, 2)),
        parts: int = 2,
        seed: int = 0,
        nbytes: int = 1000,
    ) -> None:
        self.references = tuple(Seen(name, value) for name, value in strengths.items())
        self.parts = tuple(range(2 * part, 2 * part + 2) for part in range(parts))
        self.levels = tuple(
            Level(4 * rows * columns, rows, columns, 1 + index)
            for index, (rows, columns, _, _) in enumerate(grids)
        )
        self.nbytes = nbytes
        random = torch.Generator().manual_seed(seed)
        self._own: dict[tuple[int, int, bool], torch.Tensor] = {}
        self._looks: dict[tuple[int, int, int], torch.Tensor] = {}
        for part in range(parts):
            for index, (rows, columns, down, right) in enumerate(grids):
                for liked in (True, False):
                    mine = [
                        i for i, one in enumerate(self.references) if (one.strength > 0) is liked
                    ]
                    size = 1 + len(mine) * down * right
                    logits = 2 * torch.randn((rows, columns, size), generator=random)
                    shares = logits.softmax(-1)
                    self._own[part, index, liked] = shares[..., 0]
                    split = shares[..., 1:].reshape(rows, columns, len(mine), down, right)
                    for place, i in enumerate(mine):
                        self._looks[part, index, i] = split[:, :, place]

    @property
    def contributions(self) -> dict[str, float]:
        means = self.shares().mean((1, 2)).tolist()
        return {one.id: mean for one, mean in zip(self.references, means, strict=True)}

    def shares(self, *, level: int | None = None, part: int | None = None) -> torch.Tensor:
        of_each = [
            self._mean(level, part, functools.partial(self._share, i))
            for i in range(len(self.references))
        ]
        return torch.stack(of_each)

    def _share(self, reference: int, part: int, level: int) -> torch.Tensor:
        return self._looks[part, level, reference].sum((-1, -2))

    def own(
        self, *, liked: bool, level: int | None = None, part: int | None = None
    ) -> torch.Tensor:
        return self._mean(level, part, lambda p, n: self._own[p, n, liked])

    def looks(self, reference: int, *, level: int, part: int | None = None) -> torch.Tensor:
        return self._mean(level, part, lambda p, n: self._looks[p, n, reference])

    def _mean(
        self, level: int | None, part: int | None, read: Callable[[int, int], torch.Tensor]
    ) -> torch.Tensor:
        parts = range(len(self.parts)) if part is None else (part,)
        levels = range(len(self.levels)) if level is None else (level,)
        finest = self.levels[0]
        total, weights = torch.zeros(()), 0
        for p in parts:
            for n in levels:
                found = read(p, n)
                if level is None:
                    rows, columns = found.shape
                    down = torch.arange(finest.rows) * rows // finest.rows
                    found = found[down][:, torch.arange(finest.columns) * columns // finest.columns]
                total = total + found * self.levels[n].sites
                weights += self.levels[n].sites
        return total / weights

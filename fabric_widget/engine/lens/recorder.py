"""Record attention for the lens during one run: which calls, rows and steps.

Nothing here changes what a layer computes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import torch

from fabric_widget.engine.attention.tokens import Origin, columns_of
from fabric_widget.engine.lens.attention_maps import (
    Borrowed,
    Means,
    Sums,
    cell_grid,
    observed,
    pooled,
)
from fabric_widget.engine.lens.influence import Influence, Level, Maps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.attention.place import Attention, Place
    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.lens.influence import Seen
    from fabric_widget.engine.lens.lens import Lens, Part
    from fabric_widget.engine.schedule import Schedule

    Side = tuple[int, bool]  # index of the level; whether that of the liked ones


class Lending(NamedTuple):
    """What one side lends to one site, and the rows that attend to it."""

    rows: Sequence[slice]
    ids: Sequence[str]
    lent: Sequence[Lent]
    factors: Sequence[float | torch.Tensor]
    liked: bool


class AttentionRecorder:
    """Collects the maps of one run.

    Parameters
    ----------
    lens
        What is recorded.
    places
        The sites.
    seen
        The references, the liked ones first.
    schedule
        Tells at which steps references count.
    aspect
        Width of the pictures, divided by their height.
    pictures
        How many are made at a time: rows of each guidance branch.

    Raises
    ------
    ValueError
        The maps do not fit into the lens's bytes.
    """

    def __init__(
        self,
        lens: Lens,
        places: Sequence[Place],
        seen: Sequence[Seen],
        schedule: Schedule,
        aspect: float,
        pictures: int,
    ) -> None:
        self._lens = lens
        self._pictures = pictures
        self._places = places
        self._seen = tuple(seen)
        self._schedule = schedule
        self._aspect = aspect
        sites = Counter(place.tokens for place in places)
        tokens = sorted(sites, reverse=True)
        self._cells = lens.affordable(tokens, len(seen))
        self._levels = tuple(
            Level(n, *cell_grid(self._standing(n), self._cells), sites[n]) for n in tokens
        )
        self._level_of = [tokens.index(place.tokens) for place in places]
        self._parts: Sequence[Part] | None = None
        self._part: Part | None = None
        self._ids = {
            liked: [reference.id for reference in seen if reference.liked == liked]
            for liked in (True, False)
        }
        self._sums: dict[Side, Sums] = {}  # of the present part
        self._done: list[tuple[Part, dict[Side, Means]]] = []

    def wants(self, index: int, count: int) -> bool:
        """Return whether step `index` of `count` is recorded; steps come in order."""
        if self._parts is None:
            counting = [i for i in range(count) if self._schedule.weight(i, count) > 0]
            self._parts = self._lens.divided(counting)
        part = next((part for part in self._parts if index in part.recorded), None)
        if part is not None and part is not self._part:
            self._close()
            self._part = part
        return part is not None

    def note(self, site: int, lendings: Sequence[Lending], call: Attention) -> None:
        """Record one attention call.

        Parameters
        ----------
        site
            Index of the place where it is made.
        lendings
            What it borrows.
        call
            Its arguments.
        """
        queries = self._places[site].image_queries(call.query.shape[-2])
        level = self._levels[self._level_of[site]]
        grid = (level.rows, level.columns)
        for lending in lendings:
            rows = self._rows(lending.rows, call.query.shape[0])
            borrowed = Borrowed.of(lending.lent, lending.factors) if lending.ids else None
            known = self._ids[lending.liked]
            side = (self._level_of[site], lending.liked)
            if rows and known and side not in self._sums:
                self._sums[side] = Sums(len(known), level, looks=self._lens.looks, like=call.key)
            for row in rows:
                if borrowed is None:
                    if known:
                        self._sums[side].add_nothing()
                    continue
                found = observed(call, row, queries, borrowed)
                self._sums[side].add(
                    pooled(found, self._standing(level.tokens), grid),
                    [known.index(name) for name in lending.ids],
                    lending.lent,
                    self._cells,
                )

    def influence(self) -> Influence | None:
        """Return what was recorded, or None if nothing was lent at any recorded step."""
        self._close()
        if not self._done:
            return None
        return Influence(
            self._lens.image,
            self._seen,
            tuple(part.steps for part, _ in self._done),
            self._levels,
            tuple(len(part.recorded) for part, _ in self._done),
            tuple(
                tuple(self._maps(i, means) for i in range(len(self._levels)))
                for _, means in self._done
            ),
        )

    def _standing(self, tokens: int) -> Origin:
        """Return the rows and columns of a layer with so many tokens."""
        return Origin(tokens, columns_of(tokens, self._aspect))

    def _rows(self, blocks: Sequence[slice], present: int) -> list[int]:
        """Return the rows to record, clipped to those that are present.

        A block has the pictures of one recipe: the number of a picture counts from the first row of
        its guidance branch.
        """
        image = self._lens.image
        rows = [row for block in blocks for row in range(block.start, min(block.stop, present))]
        return [row for row in rows if image is None or row % self._pictures == image]

    def _close(self) -> None:
        """Turn the sums of the current part into means."""
        if self._part is not None and self._sums:
            self._done.append(
                (self._part, {side: sums.means() for side, sums in self._sums.items()})
            )
        self._sums = {}

    def _maps(self, index: int, means: Mapping[Side, Means]) -> Maps:
        """Return the maps of one level."""
        level = self._levels[index]
        grid = (level.rows, level.columns)
        liked, disliked = (self._side(index, means, liked=liked) for liked in (True, False))
        return Maps(
            torch.stack([disliked.own, liked.own]).reshape(2, *grid),
            torch.cat([liked.shares, disliked.shares]).reshape(-1, *grid),
            tuple(
                part.reshape(*part.shape[:2], *grid).permute(2, 3, 0, 1)
                for part in (*liked.looks, *disliked.looks)
            ),
        )

    def _side(self, index: int, means: Mapping[Side, Means], *, liked: bool) -> Means:
        side = (index, liked)
        if side in means:
            return means[side]
        level = self._levels[index]
        return Sums(
            len(self._ids[liked]), level, looks=self._lens.looks, like=torch.ones(())
        ).means()

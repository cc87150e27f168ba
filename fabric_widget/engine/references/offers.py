"""What references lend to one layer, and how strongly: aspects, parts and shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from fabric_widget.engine.attention.tokens import columns_of, mostly
from fabric_widget.engine.schedule import coarseness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.attention.place import Place
    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.references.feedback import Use
    from fabric_widget.engine.schedule import Schedule
    from fabric_widget.engine.votes.aspects import AspectTable, AspectWeights
    from fabric_widget.engine.votes.parts import Part

    Factor = float | torch.Tensor  # one for all places of the picture, or one for each


class Offer(NamedTuple):
    """What some references lend to one layer."""

    ids: list[str]
    lent: list[Lent]
    factors: list[Factor]


@dataclass(frozen=True)
class Layer:
    """One attention site, as the weights of references depend on it.

    Parameters
    ----------
    index
        Among the sites.
    tokens
        Of the picture.
    level
        Coarseness, 0 (finest) … 1.
    aspect
        Width of the picture, divided by its height.
    """

    index: int
    tokens: int
    level: float
    aspect: float


def layers_of(places: Sequence[Place], aspect: float) -> list[Layer]:
    """Return the layers of the sites; `aspect` is the picture's width, divided by its height."""
    levels = coarseness([place.tokens for place in places])
    return [
        Layer(i, place.tokens, level, aspect)
        for i, (place, level) in enumerate(zip(places, levels, strict=True))
    ]


class Offers:
    """Weighs what references lend, at one step.

    Parameters
    ----------
    schedule, token_budget
        The run's.
    layers
        All sites.
    weight
        Of the side: of likes or of dislikes, at this step.
    index, count
        Number of the step, from 0, and number of all steps.
    """

    def __init__(
        self,
        schedule: Schedule,
        token_budget: TokenBudget,
        layers: Sequence[Layer],
        weight: float,
        index: int,
        count: int,
    ) -> None:
        self._schedule = schedule
        self._token_budget = token_budget
        self._weight = weight
        self._index = index
        self._count = count
        self._levels = [layer.level for layer in layers]
        self._known: dict[AspectTable, Mapping[str, AspectWeights]] = {}

    def active(self, uses: Sequence[Use]) -> list[Use]:
        """Return the uses that count at this step in any layer."""
        if not self._weight > 0:
            return []
        return [use for use in uses if any(self._layers_of(use))]

    def _layers_of(self, use: Use) -> Sequence[float]:
        """Return the weight of a use's aspect at each site, at this step."""
        if use.aspects not in self._known:
            self._known[use.aspects] = use.aspects.weights(self._levels)
        return self._known[use.aspects][use.vote.aspect].at(self._index, self._count)

    def at(
        self, layer: Layer, uses: Sequence[Use], recorded: Mapping[str, Sequence[Lent]]
    ) -> Offer:
        """Return what the references of one side lend to a layer."""
        weighed = [(use, self._layers_of(use)[layer.index]) for use in uses]
        counting = [(use, use.vote.strength * share) for use, share in weighed if share > 0]
        if not counting or not self._weight > 0:
            return Offer([], [], [])
        whole = [recorded[use.reference.id][layer.index] for use, _ in counting]
        chosen = [
            lent if use.vote.part is None else lent.within(_tokens(use.vote.part, lent.origin.grid))
            for lent, (use, _) in zip(whole, counting, strict=True)
        ]
        lent = self._token_budget.thinned(chosen, layer.tokens, self._index)
        factors: list[Factor] = []
        for part, share in zip(lent, self._shares(layer, counting), strict=True):
            factor = self._weight * share * self._schedule.level_scale(layer.level) * part.factor
            if self._schedule.normalize:  # a larger picture does not count more
                factor *= layer.tokens / part.tokens
            factors.append(factor)
        return Offer([use.reference.id for use, _ in counting], lent, factors)

    def _shares(self, layer: Layer, counting: Sequence[tuple[Use, float]]) -> Sequence[Factor]:
        """Return the share of each reference; one for each place, if some lend in place."""
        strengths = [strength for _, strength in counting]
        votes = [use.vote for use, _ in counting]
        if all(vote.part is None or not vote.in_place for vote in votes):
            return self._schedule.shares(strengths)
        columns = columns_of(layer.tokens, layer.aspect)
        grid = (layer.tokens // columns, columns)
        everywhere = torch.ones(layer.tokens)
        places = torch.stack(
            [
                everywhere
                if use.vote.part is None or not use.vote.in_place
                else mostly(_tokens(use.where or use.vote.part, grid)).float()
                for use, _ in counting
            ]
        )
        weighed = torch.tensor(strengths)[:, None] * places
        if not self._schedule.normalize:
            return list(weighed)
        total = weighed.sum(0).clamp_min(torch.finfo(weighed.dtype).tiny)
        return list(weighed.amax(0) * weighed / total)


def _tokens(part: Part, grid: tuple[int, int]) -> torch.Tensor:
    """Return how much of each token of a grid belongs to a part, (tokens,)."""
    return part.over(*grid).flatten()

"""Weights of references by step, layer and number. No tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMITS = {
    "start": 1.0,
    "end": 1.0,
    "min_weight": 2.0,
    "max_weight": 2.0,
    "neg_scale": 2.0,
    "bottleneck_scale": 2.0,
    "nag_scale": 20.0,
}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Weights of references at each step.

    Weight 0 ignores the references; at weight 1 a reference's keys count like the picture's own.

    Parameters
    ----------
    start, end
        The window, as fractions of the steps, 0 … 1, ``start <= end``. Both ends belong to it.
    min_weight, max_weight
        Weight outside and inside the window, 0 … 2.
    neg_scale
        Weight of dislikes relative to likes, 0 … 2.
    bottleneck_scale
        Weight at the coarsest attention level relative to the finest, 0 … 2; linear in between.
    nag_scale
        How far dislikes push where there is no guidance that could take them, 0 … 20: the scale of
        normalised attention guidance (arXiv 2505.21179). With guidance it has no meaning.
    normalize
        All references of one branch together weigh like the strongest of them would alone. Without
        it every reference weighs in full, and many of them drown the picture's own attention.

    Raises
    ------
    TypeError
        A setting is not a number, or `normalize` is not a bool.
    ValueError
        A setting is out of its range.
    """

    start: float = 0.0
    end: float = 0.8
    min_weight: float = 0.0
    max_weight: float = 0.8
    neg_scale: float = 0.5
    bottleneck_scale: float = 1.0
    nag_scale: float = 5.0
    normalize: bool = True

    def __post_init__(self) -> None:
        """Raise an error for a setting out of its range."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "normalize":
                if not isinstance(value, bool):
                    message = f"normalize is {value!r}: give True or False"
                    raise TypeError(message)
                continue
            if isinstance(value, bool) or not isinstance(value, Real):
                message = f"{field.name} is {value!r}: give a number"
                raise TypeError(message)
            limit = _LIMITS[field.name]
            if not 0 <= float(value) <= limit:  # NaN fails too
                message = f"{field.name} is {value!r}: give a number from 0 to {limit:g}"
                raise ValueError(message)
        if self.start > self.end:
            message = f"start is {self.start!r}, after end {self.end!r}: give start <= end"
            raise ValueError(message)

    @classmethod
    def paper(cls) -> Schedule:
        """Return the schedule of the published arithmetic.

        The setting that the authors' evaluation used when FABRIC (arXiv 2307.10159) appeared:
        feedback at every step, weight 0.8 (section 5, target images), dislikes at half of it, and
        the plain sum over references.
        """
        return cls(start=0.0, end=1.0, min_weight=0.1, max_weight=0.8, normalize=False)

    @classmethod
    def reference_only(cls) -> Schedule:
        """Return a schedule for following one liked picture closely.

        At every step its keys count like the picture's own, as the "reference only" preprocessor of
        ControlNet user interfaces has it.
        """
        return cls(start=0.0, end=1.0, max_weight=1.0)

    @property
    def silent(self) -> bool:
        """Whether no step gives references any weight."""
        return self.min_weight == 0 and self.max_weight == 0

    def weight(self, index: int, count: int) -> float:
        """Return the weight of a like at denoising step `index` (from 0) of `count`."""
        inside = round(count * self.start) <= index <= round(count * self.end)
        return self.max_weight if inside else self.min_weight

    def level_scale(self, level: float) -> float:
        """Return the factor of an attention level, 0 (finest) … 1 (coarsest)."""
        return 1 + (self.bottleneck_scale - 1) * level

    def shares(self, strengths: Sequence[float]) -> list[float]:
        """Return each reference's factor, given the positive strengths of one branch.

        Normalised, the factors keep the proportions of the strengths and add up to the greatest of
        them: n copies weigh like one, a lone reference weighs by its strength, and a reference of
        vanishing strength changes nothing.
        """
        if not self.normalize:
            return list(strengths)
        total = math.fsum(strengths)
        return [max(strengths) * (strength / total) for strength in strengths]


def coarseness(tokens: Sequence[int]) -> list[float]:
    """Return the coarseness of attention layers from their numbers of tokens, 0 (finest) … 1.

    By the logarithm of their number; all are 0 where the numbers differ by less than half.
    """
    depth = math.log(max(tokens) / min(tokens))
    if depth < math.log(2):  # a few tokens more or less are no coarser level
        return [0.0] * len(tokens)
    return [math.log(max(tokens) / n) / depth for n in tokens]

"""The simulated person: likes the best picture of a round and dislikes the worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Verdict:
    """Positions of the liked and the disliked picture in their round; None without such a vote."""

    liked: int | None = None
    disliked: int | None = None

    @property
    def count(self) -> int:
        """How many votes these are."""
        return (self.liked is not None) + (self.disliked is not None)


def judge(distances: Sequence[float]) -> Verdict:
    """Return the votes on a round whose pictures are this far from the taste.

    Of equals the first. Nobody votes where all pictures are equally near.
    """
    nearest, farthest = min(distances), max(distances)
    if nearest == farthest:
        return Verdict()
    return Verdict(distances.index(nearest), distances.index(farthest))

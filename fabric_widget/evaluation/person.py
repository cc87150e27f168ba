"""The simulated person: likes the best picture of a round and dislikes the worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


NOTICEABLE = 0.01
"""The smallest difference between two distances that a person sees.

Without it the last digit of a reading would decide votes, and with it the number of threads.
"""


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

    Differences of less than `NOTICEABLE` are not seen: of pictures that look alike the first is
    taken, and where all do nobody votes.
    """
    nearest, farthest = min(distances), max(distances)
    if farthest - nearest < NOTICEABLE:
        return Verdict()
    positions = range(len(distances))
    return Verdict(
        liked=next(i for i in positions if distances[i] - nearest < NOTICEABLE),
        disliked=next(i for i in positions if farthest - distances[i] < NOTICEABLE),
    )

"""FABRIC as published: every picture follows all votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.plans.recipe import Recipe, named

if TYPE_CHECKING:
    from fabric_widget.engine.votes.votes import Votes

_FEW = 3  # so many pictures are named


@dataclass(frozen=True)
class Everything:
    """All likes and dislikes for every picture (FABRIC, arXiv 2307.10159)."""

    def recipes(self, votes: Votes, num_images: int, seed: int) -> tuple[Recipe, ...]:
        """Return the same recipe for each picture."""
        del seed
        count = len({vote.id for vote in votes.liked})
        words = f"close to all {count} likes" if count > _FEW else f"close to {named(votes.liked)}"
        if not votes.liked:
            words = "away from what was disliked" if votes.disliked else ""
        return (Recipe(votes.liked, votes.disliked, words=words),) * num_images

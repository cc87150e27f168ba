"""State: everything a session holds at one moment. Each act makes a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from PIL import Image

    from fabric_widget.engine import GeneratedImage, Round

    Picture = GeneratedImage | Image.Image


@dataclass(frozen=True)
class Vote:
    """One picture and what the person thinks of it.

    Parameters
    ----------
    id
        Digest of the picture: equal pictures have equal ids.
    image
        A generated image, or an uploaded picture as RGB.
    strength
        -2 … 2: liked above 0, disliked below; 0 takes a vote back.
    """

    id: str
    image: Picture
    strength: float


@dataclass(frozen=True)
class State:
    """Rounds, votes, the prompt, and the seed that the next round starts at.

    Parameters
    ----------
    rounds
        Oldest first.
    votes
        At most one for each picture, none of strength 0, the newest last.
    prompt
        Of the last round.
    next_seed
        Greater than every seed in `rounds`, unless there are none.
    """

    next_seed: int
    rounds: tuple[Round, ...] = ()
    votes: tuple[Vote, ...] = ()
    prompt: str = ""

    @property
    def liked(self) -> tuple[tuple[Picture, float], ...]:
        """Liked pictures with their strengths, more than 0 and up to 2."""
        return tuple((vote.image, vote.strength) for vote in self.votes if vote.strength > 0)

    @property
    def disliked(self) -> tuple[tuple[Picture, float], ...]:
        """Disliked pictures with their strengths, more than 0 and up to 2."""
        return tuple((vote.image, -vote.strength) for vote in self.votes if vote.strength < 0)

    def with_vote(self, vote: Vote) -> Self:
        """Return the state after `vote`, which replaces an earlier vote on the same picture."""
        standing = {known.id: known.strength for known in self.votes}
        if standing.get(vote.id, 0.0) == vote.strength:
            return self
        others = tuple(known for known in self.votes if known.id != vote.id)
        return replace(self, votes=(*others, vote) if vote.strength else others)

    def without_votes(self) -> Self:
        """Return the state without any vote."""
        return replace(self, votes=()) if self.votes else self

    def with_round(self, made: Round) -> Self:
        """Return the state after a round."""
        return replace(
            self,
            rounds=(*self.rounds, made),
            prompt=made.prompt,
            next_seed=max(self.next_seed, made.seed + len(made)),
        )

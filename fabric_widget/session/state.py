"""State: everything that a session holds at one moment. Each act makes a new one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from fabric_widget.session.votes import disliked_of, drawn_parts, liked_of, strengths_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine import Round, Schedule
    from fabric_widget.engine.votes.parts import Part
    from fabric_widget.session.votes import Picture, Vote


Kind = Literal["round", "drafts", "finished", "enlarged"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Turn:
    """A round with the votes and the schedule it was made with.

    Parameters
    ----------
    round
        The pictures.
    votes
        Those that stood when it was made.
    schedule
        How strongly they counted; None if that was left to the engine.
    parent
        Index of the turn that it went on from, None for a beginning.
    kind
        "round", "drafts", or a picture of an earlier turn made again: "finished" or "enlarged".
    full_steps
        Of drafts, how many steps a finished picture has; else None.
    options
        What else it takes to make the round once more: the `batch_size`, the `scale` and `strength`
        of an enlargement. Only what was not left to the defaults.
    """

    round: Round
    votes: tuple[Vote, ...] = ()
    schedule: Schedule | None = None
    parent: int | None = None
    kind: Kind = "round"
    full_steps: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def guided(self) -> bool:
        """Whether any of its pictures may have followed others."""
        recipes = self.round.recipes
        return bool(self.votes) or any(one.liked or one.disliked for one in recipes)

    @property
    def strengths(self) -> dict[str, float]:
        """Signed strengths of the votes by what they are about, as `Session.strengths`."""
        return strengths_of(self.votes)

    @property
    def liked(self) -> tuple[tuple[Picture, float], ...]:
        """Liked pictures with their strengths, more than 0 and up to 2."""
        return liked_of(self.votes)

    @property
    def disliked(self) -> tuple[tuple[Picture, float], ...]:
        """Disliked pictures with their strengths, more than 0 and up to 2."""
        return disliked_of(self.votes)


@dataclass(frozen=True)
class LoRAUse:
    """A LoRA that rounds are made with.

    Parameters
    ----------
    name
        What it is called.
    digest
        Of its weights.
    strength
        Above 0 … 2.
    """

    name: str
    digest: str
    strength: float


@dataclass(frozen=True)
class State:
    """Rounds, votes, the prompt, and the seed that the next round starts at.

    Parameters
    ----------
    turns
        Every round, oldest first, whichever branch it lies on.
    current
        Index of the turn where the session stands: the newest, or one gone back to.
    votes
        At most one about the same of a picture, none of strength 0, the newest last.
    prompt
        Of the turn where the session stands.
    starred
        Ids of the best pictures so far, the one starred last at the end.
    next_seed
        Greater than every seed in `turns`, unless there are none.
    loras
        Those that the next round is made with, each name once.
    """

    next_seed: int
    turns: tuple[Turn, ...] = ()
    current: int | None = None
    votes: tuple[Vote, ...] = ()
    prompt: str = ""
    starred: tuple[str, ...] = ()
    loras: tuple[LoRAUse, ...] = ()

    @property
    def pictures(self) -> dict[str, Picture]:
        """Every picture of a round or a vote, by id."""
        images = {image.id: image for turn in self.turns for image in turn.round}
        return {vote.id: vote.image for vote in self._all_votes} | images

    @property
    def parts(self) -> dict[str, Part]:
        """Every box and mask of a vote, by name."""
        return drawn_parts(self._all_votes)

    @property
    def _all_votes(self) -> list[Vote]:
        return [*(vote for turn in self.turns for vote in turn.votes), *self.votes]

    @property
    def liked(self) -> tuple[tuple[Picture, float], ...]:
        """Liked pictures with their strengths, more than 0 and up to 2."""
        return liked_of(self.votes)

    @property
    def disliked(self) -> tuple[tuple[Picture, float], ...]:
        """Disliked pictures with their strengths, more than 0 and up to 2."""
        return disliked_of(self.votes)

    def with_vote(self, vote: Vote) -> Self:
        """Return the state after `vote`, which replaces an earlier vote about the same."""
        known = {other.key: other.strength for other in self.votes}
        if known.get(vote.key, 0.0) == vote.strength:
            return self
        others = tuple(other for other in self.votes if other.key != vote.key)
        return replace(self, votes=(*others, vote) if vote.strength else others)

    def with_votes(self, votes: Sequence[Vote]) -> Self:
        """Return the state with exactly these votes, except those of strength 0."""
        wanted = tuple(vote for vote in votes if vote.strength)
        before, after = ([(v.key, v.strength) for v in votes] for votes in (self.votes, wanted))
        if sorted(before) == sorted(after):
            return self
        return replace(self, votes=wanted)

    def with_star(self, identity: str, *, starred: bool) -> Self:
        """Return the state after a picture was starred, or not any more."""
        if (identity in self.starred) == starred:
            return self
        others = tuple(other for other in self.starred if other != identity)
        return replace(self, starred=(*others, identity) if starred else others)

    def with_lora(self, use: LoRAUse) -> Self:
        """Return the state with a LoRA in use in the place of one of its name, or off at 0."""
        others = tuple(other for other in self.loras if other.name != use.name)
        wanted = (*others, use) if use.strength else others
        return self if wanted == self.loras or use in self.loras else replace(self, loras=wanted)

    def with_turn(self, turn: Turn) -> Self:
        """Return the state after a round; votes cast meanwhile stay."""
        made = turn.round
        return replace(
            self,
            turns=(*self.turns, turn),
            current=len(self.turns),
            prompt=made.prompt,
            next_seed=max(self.next_seed, made.seed + len(made)),
        )

    def back_at(self, index: int) -> Self:
        """Return the state as it was just after the turn `index`.

        Its votes and its prompt stand again. No turn is dropped and no seed is used twice.
        """
        turn = self.turns[index]
        back = replace(self, current=index, prompt=turn.round.prompt).with_votes(turn.votes)
        return self if back == self else back


Act = Literal["", "vote", "round", "branch", "star", "lora"]


def act_between(state: State, other: State | None) -> Act:
    """Return the kind of act between two neighbouring states."""
    if other is None:
        return ""
    if state.turns != other.turns:
        return "round"
    if state.starred != other.starred:
        return "star"
    if state.loras != other.loras:
        return "lora"
    return "branch" if (state.current, state.prompt) != (other.current, other.prompt) else "vote"

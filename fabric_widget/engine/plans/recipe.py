"""What one picture of a round follows, and what a plan is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from fabric_widget.engine.votes.aspects import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.engine.generated_image import GeneratedImage
    from fabric_widget.engine.votes.aspects import AspectTable
    from fabric_widget.engine.votes.votes import CheckedVote, Votes


@dataclass(frozen=True)
class Start:
    """Start noise that is mixed from a picture's own and that of an earlier picture.

    Parameters
    ----------
    parent
        The earlier picture. It needs a trajectory.
    own
        Share of the variance that is the picture's own, 0 … 1.

    Raises
    ------
    ValueError
        `own` is out of range.
    """

    parent: GeneratedImage
    own: float

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.own <= 1:
            message = f"own is {self.own!r}: give a share from 0 to 1"
            raise ValueError(message)


@dataclass(frozen=True)
class Recipe:
    """What one picture of a round follows.

    Parameters
    ----------
    liked, disliked
        The votes that it borrows from, at their strengths.
    start
        Its start noise, if that is not its own alone.
    words
        What it tries, with the ids of pictures in braces: "colors of {0a1b…}".
    aspects
        What the aspects of its votes mean; None for what they mean to the `Fabric`. Recipes of a
        `Round` say it, so that the same picture can be made again.
    """

    liked: tuple[CheckedVote, ...] = ()
    disliked: tuple[CheckedVote, ...] = ()
    start: Start | None = None
    words: str = ""
    aspects: AspectTable | None = None

    def meaning(self, aspects: AspectTable) -> Recipe:
        """Return this recipe, saying what its aspects mean if it follows any and does not yet."""
        followed = {vote.aspect for vote in (*self.liked, *self.disliked)}
        return self if self.aspects or followed <= {ALL} else replace(self, aspects=aspects)

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the pictures that it follows, each once, in the order of the words."""
        named = [vote.id for vote in self.liked]
        named += [self.start.parent.id] if self.start is not None else []
        return tuple(dict.fromkeys(named))

    def told(self, names: Mapping[str, str]) -> str:
        """Return the words with a name for each picture; those without one are "a picture"."""
        text = self.words
        for source in self.sources:
            text = text.replace("{" + source + "}", names.get(source, "a picture"))
        return text


@runtime_checkable
class Plan(Protocol):
    """Decides how a round spends its pictures."""

    def recipes(self, votes: Votes, num_images: int, seed: int) -> Sequence[Recipe]:
        """Return a recipe for each picture of a round; the same arguments give the same ones."""


def checked_plan(plan: object) -> Plan | Sequence[Recipe] | None:
    """Return a plan, recipes, or None, or raise a TypeError."""
    if plan is None or isinstance(plan, Plan):
        return plan
    if isinstance(plan, Iterable):
        recipes = tuple(plan)
        if recipes and all(isinstance(recipe, Recipe) for recipe in recipes):
            return recipes
    message = (
        f"plan is a {type(plan).__name__}: give Explore(), Everything(), or a list of recipes, one "
        "for each picture"
    )
    raise TypeError(message)


def checked_default_plan(plan: object) -> Plan | None:
    """Return a plan or None, or raise a TypeError."""
    if plan is None or isinstance(plan, Plan):
        return plan
    message = f"plan is a {type(plan).__name__}: give a plan, such as Explore() or Everything()"
    raise TypeError(message)


def named(votes: Sequence[CheckedVote]) -> str:
    """Return the pictures of votes in words, ids in braces."""
    ids = list(dict.fromkeys(vote.id for vote in votes))
    return " and ".join("{" + i + "}" for i in ids)

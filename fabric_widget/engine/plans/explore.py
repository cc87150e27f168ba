"""Every picture of a round tries something else.

The average of many likes is grey, and a round that borrows it is the same picture over and over. So
each picture borrows from one or two likes only, and each in another way: one follows the newest
like closely, others take the colors of one and the form of another, others vary only its start
noise. Measured in ``docs/quality.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.plans.recipe import Recipe, Start, named
from fabric_widget.engine.votes.aspects import COLORS, FORM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine.votes.votes import CheckedVote, Votes

# Shares of the variance of the start noise that are drawn anew, by way, and the strength of what is
# followed closely: chosen on 30 tastes of the demo model.
_OWN = {"close": 0.5, "crossed": 0.7, "free": 0.5}
_CLOSE = 0.5


@dataclass(frozen=True)
class Explore:
    """Each picture follows one or two likes, in a way of its own.

    Votes about an aspect or a part are followed as they were said, by every picture; likes of whole
    pictures are tried in several ways.

    Parameters
    ----------
    variety
        0 … 1: how far the pictures of a round go from what was liked. At 0 all of them stay close
        to the newest like, at 1 most of them only share its start noise.

    Raises
    ------
    ValueError
        `variety` is out of range.
    """

    variety: float = 0.5

    def __post_init__(self) -> None:
        """Check the dial."""
        if not 0 <= self.variety <= 1:
            message = f"variety is {self.variety!r}: give a number from 0 to 1"
            raise ValueError(message)

    def recipes(self, votes: Votes, num_images: int, seed: int) -> tuple[Recipe, ...]:
        """Return a recipe for each picture."""
        newest = sorted(votes.liked, key=lambda vote: -vote.place)
        whole = [vote for vote in newest if vote.plain]
        said = [vote for vote in newest if not vote.plain]
        made = []
        for i in range(num_images):
            if said and not (whole and i % len(_WAYS) == len(_WAYS) - 1):
                recipe = _as_said(said, i)
            elif whole:
                recipe = _tried(whole, self._way(i, num_images), seed + i)
            else:
                recipe = Recipe(words="away from what was disliked" if votes.disliked else "")
            made.append(replace(recipe, disliked=votes.disliked))
        return tuple(made)

    def _way(self, index: int, count: int) -> Callable[[CheckedVote, CheckedVote], Recipe]:
        """Return the way of one picture: the first ones are the closest."""
        place = min(2 * self.variety * index / max(count - 1, 1), 1 - 1e-9)
        return _WAYS[int(place * len(_WAYS))]


def _tried(
    newest: Sequence[CheckedVote],
    way: Callable[[CheckedVote, CheckedVote], Recipe],
    turn: int,
) -> Recipe:
    """Return a recipe that follows the newest like, and another one that takes turns."""
    others = newest[1:] or newest
    return way(newest[0], others[turn % len(others)])


def _close(newest: CheckedVote, other: CheckedVote) -> Recipe:
    del other
    liked = newest.weighing(newest.strength * _CLOSE)
    words = f"close to {named([newest])}"
    return Recipe((liked,), start=_evolved(newest, "close"), words=words)


def _crossed(newest: CheckedVote, other: CheckedVote) -> Recipe:
    form = [replace(other, aspect=FORM)] if other.id != newest.id else []
    return _crossing(newest, replace(newest, aspect=COLORS), *form)


def _crossed_back(newest: CheckedVote, other: CheckedVote) -> Recipe:
    colors = [replace(other, aspect=COLORS)] if other.id != newest.id else []
    return _crossing(newest, *colors, replace(newest, aspect=FORM))


def _crossing(newest: CheckedVote, *liked: CheckedVote) -> Recipe:
    """Return a recipe of aspects; a single like gives one of them, for both are everything."""
    return Recipe(liked, start=_evolved(newest, "crossed"), words=_whats(liked))


def _free(newest: CheckedVote, other: CheckedVote) -> Recipe:
    del other
    start = _evolved(newest, "free")
    words = "something new" if start is None else f"a variation on {named([newest])}"
    return Recipe(start=start, words=words)


_WAYS = (_close, _crossed, _crossed_back, _free)


def _evolved(vote: CheckedVote, way: str) -> Start | None:
    """Return start noise that is partly that of a picture, if it is known."""
    parent = vote.content
    if isinstance(parent, GeneratedImage) and parent.start_noise is not None:
        return Start(parent, _OWN[way])
    return None


def _as_said(said: Sequence[CheckedVote], index: int) -> Recipe:
    """Return a recipe that takes of each aspect and part what was said of it.

    Of several pictures that the same was said of, most follow the newest.
    """
    kinds: dict[tuple[str, str], list[CheckedVote]] = {}
    for vote in said:
        kind = (vote.aspect, "" if vote.part is None else vote.part.name)
        kinds.setdefault(kind, []).append(vote)
    chosen = [same[index // 2 % len(same) if index % 2 else 0] for same in kinds.values()]
    return Recipe(tuple(chosen), words=_whats(chosen))


def _whats(votes: Sequence[CheckedVote]) -> str:
    """Return what of which pictures votes are about, in words."""
    return ", ".join(map(_what, votes))


def _what(vote: CheckedVote) -> str:
    """Return what of a picture a vote is about, in words."""
    named_part = {"subject": "the subject", "background": "the background"}
    source = named([vote])
    if vote.part is not None:
        source = f"{named_part.get(vote.part.name, 'a part')} of {source}"
    if vote.aspect == COLORS:
        return f"colors of {source}"
    if vote.aspect == FORM:
        return f"form of {source}"
    return source

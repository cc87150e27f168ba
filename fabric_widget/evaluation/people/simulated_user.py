"""The simulated user: likes the best picture of a round and dislikes the worst.

`judge` never errs; a `SimulatedUser` may vote wrongly, only like, only dislike, or give grades.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.evaluation.people.statements import Statement

NOTICEABLE = 0.01
"""The smallest difference between two distances that counts.

Without it rounding errors would decide votes, which change with the number of threads.
"""
_MOST_SAID = 10
_GRADES = (-1.0, -0.5, 0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Verdict:
    """Positions of the liked and the disliked picture in their round; None without such a vote."""

    liked: int | None = None
    disliked: int | None = None

    @property
    def count(self) -> int:
        """How many votes these are."""
        return (self.liked is not None) + (self.disliked is not None)


def judge(distances: Sequence[float], noticeable: float = NOTICEABLE) -> Verdict:
    """Return the votes on a round whose pictures are this far from the taste.

    Differences of less than `noticeable` do not count: of equal pictures the first gets the vote,
    and if all are equal there is no vote.
    """
    nearest, farthest = min(distances), max(distances)
    if farthest - nearest < noticeable:
        return Verdict()
    positions = range(len(distances))
    return Verdict(
        liked=next(i for i in positions if distances[i] - nearest < noticeable),
        disliked=next(i for i in positions if farthest - distances[i] < noticeable),
    )


@dataclass(frozen=True)
class Opinion:
    """The votes on a round.

    Parameters
    ----------
    strengths
        The vote on each picture, -1 … 1; 0 is none.
    ranks
        Rank of each picture, 0 for the best; equal for pictures that are not told apart.
    statements
        What was said of pictures beside that.
    """

    strengths: tuple[float, ...]
    ranks: tuple[int, ...]
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SimulatedUser:
    """How a simulated user votes, whatever they want.

    Parameters
    ----------
    wrong
        Probability that a vote goes to a wrong picture, 0 … 1.
    likes, dislikes
        Whether they like the best picture, and dislike the worst.
    eager
        Whether they like the best picture of a round even if an earlier one was better.
    says
        How many things they say of each round about what they like: 0 or more. What they say is
        about an aspect or a part of a picture.
    graded
        Instead of one like and one dislike, every picture gets one of five grades, -1, -½, 0, ½ or
        1, by where it lies between the worst and the best of its round.
    fickle
        Whether they change their wish halfway through the rounds.

    Raises
    ------
    ValueError
        `wrong` is out of range, or they neither like nor dislike nor say anything.
    """

    wrong: float = 0.0
    likes: bool = True
    dislikes: bool = True
    eager: bool = False
    says: int = 0
    graded: bool = False
    fickle: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0 <= self.wrong <= 1:
            message = f"wrong is {self.wrong!r}: give a probability from 0 to 1"
            raise ValueError(message)
        if not 0 <= self.says <= _MOST_SAID:
            message = f"says is {self.says!r}: give a number from 0 to {_MOST_SAID}"
            raise ValueError(message)
        if not (self.likes or self.dislikes or self.says):
            message = "this person neither likes nor dislikes: leave one of them True"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> SimulatedUser:
        """Read habits such as "noisy=0.2,likes-only"; "" never votes wrongly.

        The habits are noisy (one wrong vote in five, or as given), likes-only, dislikes-only,
        eager, says (one thing a round and no votes on whole pictures, or as many as given), thumbs
        (votes on whole pictures beside what is said), graded and fickle.

        Raises
        ------
        ValueError
            There is no such habit, or the habits contradict each other.
        """
        settings: dict[str, float | bool] = {}
        for habit in filter(None, (part.strip() for part in text.split(","))):
            name, given, value = habit.partition("=")
            if name not in _HABITS or (given and name not in _NUMBERS):
                message = f"there is no habit {habit!r}: choose from {', '.join(_HABITS)}"
                raise ValueError(message)
            setting = dict(_HABITS[name])
            if given:
                field, read, example = _NUMBERS[name]
                try:
                    setting[field] = read(value)
                except ValueError:
                    message = f"{habit} has no number that counts: give one as in {example}"
                    raise ValueError(message) from None
            settings |= setting
        return cls(**settings)  # type: ignore[arg-type]  # the table below has the right types

    def opinion(
        self,
        distances: Sequence[float],
        rng: np.random.Generator,
        noticeable: float = NOTICEABLE,
        earlier: float | None = None,
    ) -> Opinion:
        """Return the votes on a round whose pictures are this far from the wish.

        Parameters
        ----------
        distances
            Of each picture; lower is better.
        rng
            Decides which votes are wrong; the count of numbers drawn does not depend on the votes.
        noticeable
            Smaller differences do not count.
        earlier
            Distance of the nearest picture of all earlier rounds; None in the first round. Who is
            not eager likes nothing that is farther than that.
        """
        count = len(distances)
        errors = (rng.random(count + 2) < self.wrong).tolist()
        shuffled = rng.permutation(count).tolist()
        if self.graded:
            return self._graded(
                distances, errors, rng.permutation(len(_GRADES)).tolist(), noticeable
            )
        verdict = judge(distances, noticeable)
        liked = verdict.liked if self.likes else None
        disliked = verdict.disliked if self.dislikes else None
        if earlier is not None and not self.eager and min(distances) - earlier >= noticeable:
            liked = None
        if liked is not None and errors[0]:
            liked = next(i for i in shuffled if i != liked)
        if disliked is not None and (errors[1] or disliked == liked):
            others = [i for i in shuffled[::-1] if i not in {disliked, liked}]
            disliked = others[0] if others else None
        strengths = np.zeros(count)
        places = _places(distances, noticeable) if self.likes and self.dislikes else strengths
        if liked is not None:
            strengths[liked] = 1.0
        if disliked is not None:
            strengths[disliked] = -1.0
        return Opinion(tuple(strengths.tolist()), _ranks([*zip(-strengths, places, strict=True)]))

    def _graded(
        self,
        distances: Sequence[float],
        errors: Sequence[bool],
        grades: Sequence[int],
        noticeable: float,
    ) -> Opinion:
        nearest, farthest = min(distances), max(distances)
        if farthest - nearest < noticeable:
            return Opinion((0.0,) * len(distances), (0,) * len(distances))
        strengths = []
        for distance, wrong in zip(distances, errors, strict=False):  # `errors` is longer by two
            height = 1 - (distance - nearest) / (farthest - nearest)
            meant = round(height * (len(_GRADES) - 1))
            grade = next(i for i in grades if i != meant) if wrong else meant
            strength = _GRADES[grade]
            kept = self.likes if strength > 0 else self.dislikes
            strengths.append(strength if kept else 0.0)
        return Opinion(tuple(strengths), _ranks([-strength for strength in strengths]))


_HABITS: dict[str, dict[str, float | bool]] = {
    "noisy": {"wrong": 0.2},
    "likes-only": {"dislikes": False},
    "dislikes-only": {"likes": False},
    "eager": {"eager": True},
    "says": {"says": 1, "likes": False, "dislikes": False},
    "thumbs": {"likes": True, "dislikes": True},
    "graded": {"graded": True},
    "fickle": {"fickle": True},
}
HABITS = tuple(_HABITS)
_NUMBERS: dict[str, tuple[str, Callable[[str], float], str]] = {
    "noisy": ("wrong", float, "noisy=0.2"),
    "says": ("says", int, "says=2"),
}


def _places(distances: Sequence[float], noticeable: float) -> list[int]:
    """Return each picture's place; one that is not noticeably worse shares the better place."""
    order = sorted(range(len(distances)), key=distances.__getitem__)
    places = [0] * len(distances)
    place, best = 0, distances[order[0]]
    for position in order:
        if distances[position] - best >= noticeable:
            place, best = place + 1, distances[position]
        places[position] = place
    return places


def _ranks(keys: Sequence[object]) -> tuple[int, ...]:
    """Return the rank of each key among the distinct keys, from 0."""
    different = sorted(set(keys))  # type: ignore[type-var]  # numbers, or pairs of them
    return tuple(different.index(key) for key in keys)

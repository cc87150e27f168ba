"""Settings of a story: a taste, a prompt, how many rounds of how many pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.people.options import IMAGES, ROUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine import Schedule
    from fabric_widget.evaluation.people.tastes import Taste


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Settings of a story.

    Parameters
    ----------
    taste
        What the person wants and does not say.
    prompt
        What the person says; by default the kind of subject alone.
    rounds, images
        How many rounds (1 … 20) of how many pictures (2 … 16).
    seed
        Of the first picture.
    schedule
        How strongly feedback counts; by default the fabric's own.
    arguments
        The pipeline's own arguments under their own names.

    Raises
    ------
    ValueError
        Too few or too many rounds or pictures.
    """

    taste: Taste
    prompt: str = ""
    rounds: int = 3
    images: int = 4
    seed: int = 0
    schedule: Schedule | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers and complete the prompt."""
        for name, value, allowed in (
            ("rounds", self.rounds, ROUNDS),
            ("images", self.images, IMAGES),
        ):
            if value not in allowed:
                message = f"{name} is {value!r}: give {allowed[0]} to {allowed[-1]}"
                raise ValueError(message)
        if not self.prompt:
            object.__setattr__(self, "prompt", self.taste.prompt)

    @property
    def grids(self) -> int:
        """How many grids have to be made: the first round is the same with and without feedback."""
        return 2 * self.rounds - 1


def plan_for_each(tastes: Sequence[Taste], **settings: Any) -> list[Plan]:
    """Return a plan for each taste, with seeds that no two of them share.

    Parameters
    ----------
    tastes
        The tastes.
    **settings
        Of every `Plan`; its `seed` is that of the first.
    """
    plans = [Plan(taste=taste, **settings) for taste in tastes]
    return [replace(p, seed=p.seed + i * p.rounds * p.images) for i, p in enumerate(plans)]

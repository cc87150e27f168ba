"""What is measured, with how many references. Imports no torch: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REFERENCES = range(2, 1001)
PICTURES = range(1, 65)
DEMO_PROMPTS = ("a monster", "a flower", "a fish")
PROMPTS = (
    "a portrait of a person",
    "a house in a landscape",
    "a bowl of fruit on a table",
    "a cat",
)
"""By default with any other pipeline."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How aspects are measured.

    Parameters
    ----------
    prompts
        One or more; references take turns with them.
    references
        How many, 2 … 1000: pictures that the pipeline makes.
    pictures
        How many are drawn beside each reference, in each cell, 1 … 64.
    seed
        Of everything, not negative.
    arguments
        The pipeline's own.

    Raises
    ------
    ValueError
        A setting is out of its range.
    """

    prompts: tuple[str, ...] = DEMO_PROMPTS
    references: int = 12
    pictures: int = 2
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the settings."""
        for name, allowed in (("references", REFERENCES), ("pictures", PICTURES)):
            value = getattr(self, name)
            if value not in allowed:
                message = f"{name} is {value!r}: give {allowed[0]} to {allowed[-1]}"
                raise ValueError(message)
        if not self.prompts or not all(prompt.strip() for prompt in self.prompts):
            message = f"prompts are {list(self.prompts)}: give one or more, none of them empty"
            raise ValueError(message)
        if self.seed < 0:
            message = f"seed is {self.seed!r}: give 0 or more"
            raise ValueError(message)

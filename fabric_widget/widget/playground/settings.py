"""Settings of the playground: names, ranges, and the arguments they lead to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.state.settings import (
    RANGES,
    SEED_LIMIT,
    out_of_range,
    read_number,
    read_switch,
    read_text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from fabric_widget.engine import Schedule

ALL = "all"
FINE, COARSE = "fine", "coarse"
DEPTHS = ("first", "middle", "last")
LAYERS = (ALL, FINE, COARSE, *DEPTHS)
"""Which attention layers lend: by level, or by thirds of the depth."""

SUBJECT, BACKGROUND, BOX = "subject", "background", "box"
PARTS = (ALL, SUBJECT, BACKGROUND, BOX)

WEIGHT = (0, 2, 0.05)
LIMITS = {
    "seed": (0, SEED_LIMIT - 1, 1),
    "reference_seed": (0, SEED_LIMIT - 1, 1),
    "steps": RANGES["steps"],
    "weight": WEIGHT,
    "start": RANGES["start"],
    "end": RANGES["end"],
    "bottleneck_scale": WEIGHT,
    **dict.fromkeys(("box_left", "box_top", "box_right", "box_bottom"), RANGES["start"]),
}
"""Least value, greatest value and step of every number."""

TEXTS = {"prompt": "The prompt", "reference_prompt": "The prompt of the reference"}
WORDS = {"layers": LAYERS, "part": PARTS}
"""The settings that are one of a few words."""
_WHOLE = {"seed", "reference_seed", "steps"}


@dataclass(frozen=True, kw_only=True)
class PlaygroundSettings:
    """The settings of a comparison, named like the traits.

    Parameters
    ----------
    reference
        A picture that was given, None for one that the model makes.
    """

    prompt: str
    seed: int
    reference_prompt: str
    reference_seed: int
    reference: Any
    weight: float
    start: float
    end: float
    bottleneck_scale: float
    dislike: bool
    steps: int | None
    layers: str = ALL
    part: str = ALL
    box_left: float = 0.25
    box_top: float = 0.25
    box_right: float = 0.75
    box_bottom: float = 0.75

    def schedule(self) -> Schedule:
        """Return how strongly the reference counts; a disliked one as much as a liked one."""
        from fabric_widget.engine import Schedule

        start, end = sorted((self.start, self.end))  # two sliders may pass one another
        return Schedule(
            start=start,
            end=end,
            max_weight=self.weight,
            neg_scale=1.0,
            bottleneck_scale=self.bottleneck_scale,
        )

    def pipeline_arguments(self, takes: Collection[str] | None) -> dict[str, Any]:
        """Return the pipeline's arguments under its own names.

        Parameters
        ----------
        takes
            The names that the pipeline declares; None if that is not known.
        """
        name = "num_inference_steps"
        if self.steps is None or (takes is not None and name not in takes):
            return {}
        return {name: self.steps}


NAMES = tuple(field.name for field in fields(PlaygroundSettings) if field.name != "reference")
"""What a page may set."""


def read_setting(name: str, value: object) -> tuple[Any, str]:
    """Return a setting's valid value, and a notice if it differs from `value`.

    Raises
    ------
    ValueError
        The value is of the wrong kind, or a text is too long.
    """
    if name in TEXTS:
        return read_text(TEXTS[name], value)
    if name in WORDS:
        return _read_word(name, value), ""
    if name == "dislike":
        return read_switch(name, value), ""
    if name == "steps" and value is None:
        return None, ""
    return read_number(name, value, LIMITS[name], fit=whole if name in _WHOLE else None)


def _read_word(name: str, value: object) -> str:
    allowed = WORDS[name]
    if not isinstance(value, str) or value not in allowed:
        message = f"{name} is {str(value)[:40]!r}: give one of {', '.join(map(repr, allowed))}"
        raise ValueError(message)
    return value


def checked_setting(name: str, value: object) -> tuple[Any, str]:
    """Return what `read_setting` does, but refuse a number out of its range.

    Raises
    ------
    ValueError
        The value is out of range or of the wrong kind, or a text is too long.
    """
    taken, told = read_setting(name, value)
    if name in LIMITS and taken != value:
        raise out_of_range(name, value, LIMITS[name], whole_numbers=name in _WHOLE)
    return taken, told

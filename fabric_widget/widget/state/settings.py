"""Settings: names, ranges, and the pipeline arguments they lead to.

The one place that knows the ranges. What a page sets while a person types is moved into its range
and told; what Python sets out of range, and what cannot be understood, is refused with what to give
instead.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from fabric_widget.engine import Plan, Schedule

LONGEST_PROMPT = 10_000
SIZE_STEP = 8  # pixels, until the pipeline is known
SEED_LIMIT = 2**32 - 63  # the engine takes no larger first seed
STRENGTH = 2.0

RANGES: Mapping[str, tuple[float, float, float]] = {
    "num_images": (1, 16, 1),
    "seed": (0, SEED_LIMIT - 1, 1),
    "steps": (1, 150, 1),
    "guidance": (0, 30, 0.5),
    "width": (64, 2048, SIZE_STEP),
    "height": (64, 2048, SIZE_STEP),
    "strength": (0, STRENGTH, 0.05),
    "start": (0, 1, 0.05),
    "end": (0, 1, 0.05),
    "dislike_scale": (0, 2, 0.05),
    "variety": (0, 1, 0.05),
}
"""Least value, greatest value and step of every number that a person can set."""

_WHOLE = {"num_images", "seed", "steps"}
_OPTIONAL = {"steps", "guidance", "width", "height", "variety"}
_TEXTS = {"prompt": "The prompt", "negative_prompt": "The negative prompt"}
_SIZES = {"width", "height"}


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The settings of a round, named like the traits."""

    prompt: str = ""
    negative_prompt: str = ""
    num_images: int = 4
    seed: int = 0
    lock_seed: bool = False
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    strength: float = 0.8
    start: float = 0.0
    end: float = 0.8
    dislike_scale: float = 0.5
    normalize: bool = True
    variety: float | None = None
    auto: bool = True

    def schedule(self) -> Schedule:
        """Return how strongly votes count."""
        from fabric_widget.engine import Schedule

        start, end = sorted((self.start, self.end))  # two sliders may pass one another
        return Schedule(
            start=start,
            end=end,
            max_weight=self.strength,
            neg_scale=self.dislike_scale,
            normalize=self.normalize,
        )

    def plan(self, standing: Plan) -> Plan | None:
        """Return the plan of a round, None for the standing one.

        Where references count in full it is that of the publication; `Explore` takes a variety.
        """
        from fabric_widget.engine import Everything, Explore

        if not self.normalize:
            return Everything()
        if self.variety is None or not isinstance(standing, Explore):
            return None
        return Explore(self.variety)

    def pipeline_arguments(self, takes: Collection[str] | None) -> dict[str, Any]:
        """Return the pipeline's arguments by its own names, without defaults.

        Parameters
        ----------
        takes
            The names that the pipeline declares; None if that is not known.
        """
        given = {
            "negative_prompt": self.negative_prompt or None,
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance,
            "width": self.width,
            "height": self.height,
        }
        return {
            name: value
            for name, value in given.items()
            if value is not None and (takes is None or name in takes)
        }


NAMES = tuple(field.name for field in fields(Controls))
SHAPE = ("strength", "start", "end", "dislike_scale", "normalize")
"""The controls that make up a preset."""


def read_control(name: str, value: object, size_step: int = SIZE_STEP) -> tuple[Any, str]:
    """Return a control's valid value, and a notice if it differs from `value`.

    Parameters
    ----------
    name
        One of `NAMES`.
    value
        Anything, as it came.
    size_step
        What width and height must be multiples of.

    Raises
    ------
    ValueError
        The value is of the wrong kind, or a text is too long.
    """
    if name in _TEXTS:
        return read_text(_TEXTS[name], value)
    if name not in RANGES:
        return read_switch(name, value), ""
    if value is None and name in _OPTIONAL:
        return None, ""
    limits = RANGES[name]
    if name in _SIZES:
        return read_number(name, value, (*limits[:2], size_step), fit=_multiple)
    return read_number(name, value, limits, fit=whole if name in _WHOLE else None)


def out_of_range(
    name: str, value: object, limits: tuple[float, float, float], *, whole_numbers: bool
) -> ValueError:
    """Return the error for a number that Python set out of its range."""
    least, greatest, step = limits
    kind = "a number"
    if whole_numbers:
        kind = "a whole number" if step == 1 else f"a multiple of {step:g}"
    also = ", or None" if name in _OPTIONAL else ""
    message = f"{name} is {_shown(value)}: give {kind} from {least:g} to {greatest:.16g}{also}"
    return ValueError(message)


def checked_control(name: str, value: object, size_step: int = SIZE_STEP) -> tuple[Any, str]:
    """Return what `read_control` does, but refuse a number out of its range.

    Raises
    ------
    ValueError
        The value is out of range or of the wrong kind, or a text is too long.
    """
    taken, told = read_control(name, value, size_step)
    if name in RANGES and taken != value:
        limits = (*RANGES[name][:2], size_step) if name in _SIZES else RANGES[name]
        raise out_of_range(name, value, limits, whole_numbers=name in _WHOLE | _SIZES)
    return taken, told


def check_strengths(votes: object) -> None:
    """Raise a ValueError if a strength of votes is a number out of range."""
    for strength in votes.values() if isinstance(votes, Mapping) else ():
        if isinstance(strength, Real) and not -STRENGTH <= float(strength) <= STRENGTH:
            called, limits = "the strength of a vote", (-STRENGTH, STRENGTH, 0)
            raise out_of_range(called, strength, limits, whole_numbers=False)


def read_votes(value: object) -> tuple[dict[str, float], str]:
    """Return votes with strengths in range and without zeros, and a notice about changes.

    Raises
    ------
    ValueError
        These are no votes.
    """
    if not isinstance(value, Mapping):
        message = f"votes are {_shown(value)}: give pictures' ids with strengths from -2 to 2"
        raise ValueError(message)  # noqa: TRY004  (one kind of error for whatever came)
    votes, moved = {}, False
    for identity, strength in value.items():
        if not isinstance(identity, str):
            message = f"a vote is for {_shown(identity)}: give a picture's id"
            raise ValueError(message)  # noqa: TRY004  (as above)
        number = _read_finite("the strength of a vote", strength, "from -2 to 2")
        bounded = min(max(number, -STRENGTH), STRENGTH)
        moved = moved or bounded != number
        if bounded:
            votes[identity] = bounded
    return votes, "Votes count from -2 to 2; a stronger one was set to that." if moved else ""


def read_text(called: str, value: object) -> tuple[str, str]:
    """Return a text without control characters, and a notice if it changed.

    Raises
    ------
    ValueError
        It is no text, or too long.
    """
    if not isinstance(value, str):
        message = f"{called} is {_shown(value)}: give a text"
        raise ValueError(message)  # noqa: TRY004  (as above)
    if len(value) > LONGEST_PROMPT:
        message = (
            f"{called} has {len(value):,} characters, and at most {LONGEST_PROMPT:,} can be taken: "
            "shorten it"
        )
        raise ValueError(message)
    kept = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    if kept == value:
        return value, ""
    return kept, f"{called} had control characters; they were left out."


def read_switch(called: str, value: object) -> bool:
    """Return a boolean.

    Raises
    ------
    ValueError
        It is neither true nor false.
    """
    if not isinstance(value, bool):
        message = f"{called} is {_shown(value)}: give true or false"
        raise ValueError(message)  # noqa: TRY004  (as above)
    return value


def read_number(
    called: str,
    value: object,
    limits: tuple[float, float, float],
    fit: Callable[[float, float], float] | None = None,
) -> tuple[Any, str]:
    """Return a number in its range, and a notice if it changed.

    Parameters
    ----------
    called
        What it is.
    value
        Anything, as it came.
    limits
        Least and greatest value, and the step between values.
    fit
        Makes a value one that is allowed, given the step; by default all are.

    Raises
    ------
    ValueError
        It is no number.
    """
    least, greatest, step = limits
    number = _read_finite(called, value, f"from {least:g} to {greatest:.16g}")
    moved = min(max(number if fit is None else fit(number, step), least), greatest)
    if moved == number:
        return moved, ""
    return moved, f"{called} cannot be {number:.16g}; it was set to {moved:.16g}."


def _read_finite(called: str, value: object, allowed: str) -> float:
    fits = isinstance(value, Real) and not isinstance(value, bool)
    if not (fits and abs(value) < 2**63 and math.isfinite(value)):  # type: ignore[arg-type]
        message = f"{called} is {_shown(value)}: give a number {allowed}"
        raise ValueError(message)
    return value  # type: ignore[return-value]


def whole(number: float, step: float) -> int:
    """Return the nearest multiple of `step`."""
    return int(round(number / step) * step)


def _multiple(size: float, step: float) -> int:
    """Return a size that is a multiple of `step` and within the range."""
    least, greatest, _ = RANGES["width"]
    nearest = whole(size, step)
    return int(min(max(nearest, math.ceil(least / step) * step), greatest // step * step))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  (a line of a message)

"""Scales: numbers to pixels, and the round numbers at which an axis has its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """Maps numbers from `low` to `high` to pixels from `start` to `end`.

    Parameters
    ----------
    low, high
        What the ends of the axis stand for. Where they are equal, all is in the middle.
    start, end
        Where the ends of the axis are.
    transform
        What is laid out evenly, such as `math.log`; by default the number itself.
    """

    low: float
    high: float
    start: float
    end: float
    transform: Callable[[float], float] = float

    def __call__(self, value: float) -> float:
        """Return where a number stands."""
        low, high, here = (self.transform(x) for x in (self.low, self.high, value))
        share = (here - low) / (high - low) if high > low else 0.5
        return self.start + (self.end - self.start) * share


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers at equal distances that enclose `low` and `high`, about `count`."""
    width = max(high - low, 1e-6 * max(abs(low), abs(high), 1))
    raw = width / max(1, count - 1)
    power = 10 ** math.floor(math.log10(raw))
    step = power * next(nice for nice in _NICE if nice * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def tick_label(level: float, levels: Sequence[float], *, signed: bool = False) -> str:
    """Return a tick's number with as many digits as the distance between ticks needs."""
    digits = max(0, 1 - math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    return f"{level:{'+' if signed and level else ''}.{digits}f}".replace("-", "−")

"""Estimate the time left from the steps of a run."""

from __future__ import annotations


class Eta:
    """Time left and pictures per second of one run.

    The first step also prepares references, so only the steps after it are measured.
    """

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] = (0, 0.0)

    def note(self, step: int, now: float) -> None:
        """Record the end of a step."""
        self._last = (step, now)
        if self._first is None:
            self._first = self._last

    def seconds_left(self, steps: int) -> float | None:
        """Return the time until the last step, or None before it can be estimated."""
        each = self._each()
        return None if each is None else round(each * (steps - self._last[0]), 1)

    def rate(self, pictures: int, steps: int) -> float | None:
        """Return pictures per second, or None before it can be estimated."""
        each = self._each()
        return round(pictures / (each * steps), 3) if each and steps else None

    def _each(self) -> float | None:
        if self._first is None or self._last[0] <= self._first[0]:
            return None
        return (self._last[1] - self._first[1]) / (self._last[0] - self._first[0])

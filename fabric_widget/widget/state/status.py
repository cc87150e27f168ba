"""The status of a widget: one dictionary, replaced as a whole, with a limited rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECONDS = 0.1  # between two, unless something has happened
_NOTICE_LINES = 4
NO_JOB: Mapping[str, Any] = {
    "step": 0,
    "steps": 0,
    "eta": None,
    "rate": None,
    "count": 0,
    "width": 0,
    "height": 0,
    "again": "",
    "look": "",
    "bake": None,
    "error": None,
}
"""What a status tells of a job before anything of it is known."""


class Status:
    """The current status, and when it was last published.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told = float("-inf")
        self._notices = 0
        self.revision = 0
        self.now: dict[str, Any] = {
            "phase": "idle",
            "message": "",
            "job": 0,
            **NO_JOB,
            "notice": None,
        }

    def next_status(self, *, urgent: bool, **changes: Any) -> dict[str, Any] | None:
        """Return the status to publish, with a new revision, or None if the last one is too recent.

        Changes are kept either way. What is urgent is always told.
        """
        self.now |= changes
        now = self._clock()
        if not urgent and now - self._told < _SECONDS:
            return None
        self._told = now
        self.revision += 1
        return {"revision": self.revision, **self.now}

    def with_notice(self, text: str) -> dict[str, Any] | None:
        """Return the notices with `text` added, or None if it is there already."""
        standing = self.now["notice"]
        lines = standing["text"].splitlines() if standing else []
        if text in lines:
            return None
        self._notices += 1
        return {"id": self._notices, "text": "\n".join([*lines, text][-_NOTICE_LINES:])}

"""Previews with flow control: the next is sent when the last one was acknowledged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fabric_widget.widget.images import encoding

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.engine import Progress
    from fabric_widget.widget.images.encoding import Encoded

_SECONDS = 0.25

_logger = logging.getLogger(__name__)


class Previews:
    """Flow control of previews.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = float("-inf")
        self._unseen: tuple[int, int] | None = None
        self.wanted = False
        """Whether anybody ever looked."""

    def look(self) -> None:
        """Register that a view is open and misses earlier previews."""
        self.wanted = True
        self._unseen = None

    def seen(self, job: int, step: int) -> None:
        """Acknowledge the preview of a step."""
        self.wanted = True
        if self._unseen == (job, step):
            self._unseen = None

    def begin(self) -> None:
        """Start a run; forget previews that were not acknowledged."""
        self._unseen = None

    def due(self, job: int, progress: Progress) -> list[Encoded]:
        """Return the previews of a step, or an empty list if none is wanted now."""
        now = self._clock()
        if not self.wanted or self._unseen is not None or now - self._last < _SECONDS:
            return []
        self._last = now
        try:
            encoded = [encoding.preview(image) for image in progress.previews()]
        except Exception:  # a round is worth more than its previews
            _logger.exception("previews could not be made")
            return []
        if encoded:
            self._unseen = (job, progress.step)
        return encoded

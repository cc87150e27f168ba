"""A queue that is written in the background. Knows nothing of what it writes.

What cannot be written waits, in its order, and is tried again; so does whatever comes after it.
Where threads do not exist everything is written at once, by whoever brings it.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY = 15.0
"""Seconds until what could not be written is tried again, if nothing new comes."""
_AT_EXIT = 20.0  # seconds that an interpreter waits for the disk before it ends

_logger = logging.getLogger(__name__)


class Writer:
    """Writes items one after the other.

    Parameters
    ----------
    write
        Writes an item; raises an OSError if that should be tried again.
    told
        Called with what went wrong, once, and with None when all is well again.
    release
        Called in the end, when everything was written.
    threads
        Whether there is a thread.
    """

    _open: ClassVar[weakref.WeakSet[Writer]] = weakref.WeakSet()

    def __init__(
        self,
        write: Callable[[Any], None],
        *,
        told: Callable[[Exception | None], object],
        release: Callable[[], object],
        threads: bool = sys.platform != "emscripten",
    ) -> None:
        self._write = write
        self._told = told
        self._release = release
        self._threads = threads
        self._changed = threading.Condition()
        self._items: deque[Any] = deque()
        self._failing = False
        self._hurry = False  # somebody waits: try again now
        self._busy = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._open.add(self)

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._failing

    def put(self, item: object) -> None:
        """Have an item written; return at once. Never raises."""
        with self._changed:
            self._items.append(item)
            self._hurry = True
            self._changed.notify_all()
            if self._threads and self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="fabric-widget-journal", daemon=True
                )
                self._thread.start()
        if not self._threads:
            self._write_all()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is written, or cannot be; return whether it is.

        Parameters
        ----------
        timeout
            Seconds to wait at most.
        """
        if not self._threads:
            return self._write_all()
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            while self._items and (self._busy or self._hurry or not self._failing):
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            return not self._items

    def close(self) -> None:
        """Write what is left, then end; return at once. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            alone = self._thread is None
        if alone and self._open_no_more():
            self._write_all()
            self._release()

    def _open_no_more(self) -> bool:
        """Note that this is the end; return whether it was not noted before."""
        known = self in self._open
        self._open.discard(self)
        return known

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._items and not self._closed:
                    self._changed.wait()
                if self._failing and not self._hurry and not self._closed:
                    self._changed.wait(RETRY)
                self._hurry, self._busy = False, True
            written = self._write_all()
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                if self._closed and (written or not self._hurry):
                    break
        if self._open_no_more():
            self._release()

    def _write_all(self) -> bool:
        """Write items until there are none, or one cannot be written."""
        while self._items:
            try:
                self._write(self._items[0])
            except OSError as error:
                self._note(error)
                return False
            except Exception as error:
                # Trying again would not help, and what comes later must not wait for it.
                _logger.exception("an act of the session could not be written down")
                self._note(error)
            else:
                self._note(None)
            with self._changed:
                self._items.popleft()
                self._changed.notify_all()
        return True

    def _note(self, error: Exception | None) -> None:
        with self._changed:
            before, self._failing = self._failing, error is not None
            self._changed.notify_all()
        if before != self._failing:
            self._told(error)

    @classmethod
    def flush_all(cls) -> None:
        """Write whatever is left before the interpreter ends."""
        end = time.monotonic() + _AT_EXIT
        for writer in tuple(cls._open):
            writer.flush(max(end - time.monotonic(), 0.0))


atexit.register(Writer.flush_all)

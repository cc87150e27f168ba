"""Who has a session in use: a lock of the operating system, and a note that says whose it is.

The lock ends with the process that holds it, however it ends; so no dead process keeps a session.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import filelock

from fabric_widget.session.journal import disk

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "lock"
_HOLDER = "holder.json"


@dataclass(frozen=True)
class Holder:
    """The process that has a session in use.

    Parameters
    ----------
    pid, host
        Its number, and the machine that it runs on; 0 and empty if it did not say.
    since
        Since when.
    """

    pid: int
    host: str
    since: datetime

    @property
    def here(self) -> bool:
        """Whether it is this very process."""
        return self.pid == os.getpid() and self.host == socket.gethostname()

    def __str__(self) -> str:
        """Say it for people."""
        if self.here:
            return "this kernel"
        where = "" if self.host == socket.gethostname() else f" on {self.host}"
        since = self.since.astimezone().strftime("%Y-%m-%d %H:%M")
        return f"another kernel (process {self.pid}{where}, since {since})"


class SessionLock:
    """The lock of one session's folder. It may be let go in another thread than it was taken in.

    Parameters
    ----------
    folder
        Of the session; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = filelock.FileLock(folder / _LOCK, timeout=0, thread_local=False)

    def acquire(self) -> bool:
        """Take the lock and say so; return whether nobody else has it.

        Raises
        ------
        OSError
            The folder is gone, or nothing can be written into it.
        """
        try:
            self._lock.acquire()
        except filelock.Timeout:
            return False
        except NotImplementedError:  # a file system without locks: better saved than refused
            return True
        told = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        try:
            disk.put(self._folder / _HOLDER, json.dumps(told).encode())
        except OSError:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Let the lock go. May be called twice."""
        self._lock.release()


def holder_of(folder: Path) -> Holder | None:
    """Return who has a session in use, None if nobody has."""
    if not (folder / _HOLDER).exists():
        return None
    lock = filelock.FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        pass
    except (OSError, NotImplementedError):  # cannot be told: a folder that is only read
        return None
    else:
        lock.release()
        return None
    try:
        told = json.loads((folder / _HOLDER).read_bytes())
        since = datetime.fromtimestamp(float(told["since"]), UTC)
        return Holder(int(told["pid"]), str(told["host"]), since)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return Holder(0, "", datetime.fromtimestamp(0, UTC))

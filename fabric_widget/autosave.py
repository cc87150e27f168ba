"""Autosave: where sessions save themselves, and how many are kept. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget import user_folder

if TYPE_CHECKING:
    import os

GIGABYTE = 10**9
_FOLDER = "sessions"


@dataclass(frozen=True)
class Autosave:
    """Where sessions save themselves, and how many are kept.

    When there are more, those go first that were finished longest ago, then those that were left
    longest ago; never one that is in use.

    Parameters
    ----------
    folder
        Holds a folder for each session; by default ``sessions`` in the user's folder, which
        ``FABRIC_WIDGET_HOME`` moves.
    sessions
        How many are kept, 1 or more.
    gigabytes
        How much room they may take together, above 0; ``math.inf`` for any.
    memory
        How many gigabytes of its pictures, with their latents, a session keeps in memory, above 0;
        those that were used longest ago are read from the disk when somebody looks at them.
        ``math.inf`` keeps all.

    Raises
    ------
    ValueError
        A limit is out of range.
    """

    folder: str | os.PathLike[str] | None = None
    sessions: int = 100
    gigabytes: float = 20.0
    memory: float = 1.0

    def __post_init__(self) -> None:
        """Check the limits."""
        if isinstance(self.sessions, bool) or not isinstance(self.sessions, int):
            message = f"sessions is {self.sessions!r}: give a whole number, 1 or more"
            raise ValueError(message)  # noqa: TRY004  (one kind of error for whatever came)
        if self.sessions < 1:
            message = f"sessions is {self.sessions}: give 1 or more; autosave=False keeps none"
            raise ValueError(message)
        for name in ("gigabytes", "memory"):
            value = getattr(self, name)
            if not value > 0:  # NaN fails too
                message = f"{name} is {value!r}: give more than 0"
                raise ValueError(message)

    @property
    def root(self) -> Path:
        """The folder of all sessions; it need not exist."""
        if self.folder is not None:
            return Path(self.folder).expanduser().absolute()
        return user_folder.home() / _FOLDER

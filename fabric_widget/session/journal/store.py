"""A folder of sessions that saved themselves: listed, opened, the oldest dropped."""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING

from fabric_widget.autosave import GIGABYTE, Autosave
from fabric_widget.session.journal.replay import NAME, about_of
from fabric_widget.session.journal.saved import SavedSession, delete, size_of

if TYPE_CHECKING:
    import os
    from pathlib import Path

_NAME = re.compile(r"\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{6}")  # nothing else is ever deleted
_LOOK = 50  # so many times it looks whether there is room while the room is filled once

_logger = logging.getLogger(__name__)


class Store:
    """A folder of sessions.

    Parameters
    ----------
    settings
        Where it is, and how much is kept.
    """

    def __init__(self, settings: Autosave) -> None:
        self.settings = settings
        self.root = settings.root

    def sessions(self, notebook: str | None = None) -> list[SavedSession]:
        """Return the sessions that can be read, the one where something happened last first.

        Parameters
        ----------
        notebook
            The one whose sessions are looked for; those of others are not read. None for all.
        """
        found = []
        for folder in self._folders():
            try:
                if notebook is None or about_of(folder).get("notebook") == notebook:
                    found.append(SavedSession.read(folder))
            except (OSError, ValueError) as error:
                _logger.info("a saved session is passed over: %s", error)
        return sorted(found, key=lambda saved: saved.when, reverse=True)

    def new_folder(self) -> Path:
        """Make a folder for a session.

        Raises
        ------
        OSError
            It cannot be made.
        """
        name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(3)}"
        folder = self.root / name
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def drop(self, folder: Path) -> None:
        """Delete a folder, unless it is in use or cannot be deleted."""
        with contextlib.suppress(OSError):
            delete(folder)

    def make_room(self, used: Path) -> int:
        """Delete sessions until no more are kept than should be.

        Those that were finished longest ago go first, then those that were left longest ago; never
        the one at `used`, and never one that somebody has in use.

        Returns
        -------
        int
            How many bytes may be written until it is time to look again.
        """
        most = self.settings.gigabytes * GIGABYTE
        others = [folder for folder in self._folders() if folder != used]
        sizes = {folder: size_of(folder) for folder in (used, *others)}
        if len(sizes) > self.settings.sessions or sum(sizes.values()) > most:
            for folder in sorted(others, key=_age):
                if len(sizes) <= self.settings.sessions and sum(sizes.values()) <= most:
                    break
                self.drop(folder)
                if not folder.exists():
                    del sizes[folder]
        return int(min(most, 10**15) / _LOOK)

    def _folders(self) -> list[Path]:
        try:
            return [
                folder
                for folder in self.root.iterdir()
                if _NAME.fullmatch(folder.name) and (folder / NAME).is_file()
            ]
        except OSError:
            return []


def sessions(folder: str | os.PathLike[str] | None = None) -> list[SavedSession]:
    """Return the sessions that saved themselves, the one where something happened last first.

    Parameters
    ----------
    folder
        Where they are; by default in the user's folder.
    """
    return Store(Autosave(folder)).sessions()


def _age(folder: Path) -> tuple[bool, float]:
    """Return what sessions are sorted by: the first to go first."""
    try:
        saved = SavedSession.read(folder)
    except ValueError:  # of a newer version perhaps
        return True, (folder / NAME).stat().st_mtime
    except OSError:
        return True, 0.0
    return not saved.finished, saved.when.timestamp()

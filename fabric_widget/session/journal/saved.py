"""SavedSession: a session that saved itself, as it stands on disk."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fabric_widget.session.journal import disk
from fabric_widget.session.journal.entries import line_of
from fabric_widget.session.journal.lock import Holder, SessionLock, holder_of
from fabric_widget.session.journal.pictures import Pictures, thumbnail
from fabric_widget.session.journal.replay import NAME, replay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from fabric_widget.engine import Schedule
    from fabric_widget.session.maker import PictureMaker
    from fabric_widget.session.session import Session


class SessionInUse(OSError):  # noqa: N818  (it says what is the matter)
    """A session is in use, here or in another kernel."""


@dataclass(frozen=True)
class SavedSession:
    """A session that saved itself.

    Parameters
    ----------
    name
        Of its folder: when it was begun, and a few letters.
    folder
        Where it is.
    notebook
        The notebook that it was begun in, as far as that is known.
    pipeline, fingerprint
        The pipeline: its name, and a digest of its denoiser; empty where they are not known.
    begun, when
        When its journal was begun, and when something happened last.
    rounds, votes
        How many there are where it stands.
    prompt
        Of the current round.
    pictures
        Ids of the newest pictures, the newest round first.
    finished
        Whether it was ended: a widget was closed, or somebody started anew.
    damage
        What was wrong with its journal; empty if nothing.
    """

    name: str
    folder: Path
    notebook: str
    pipeline: str
    fingerprint: str
    begun: datetime
    when: datetime
    rounds: int
    votes: int
    prompt: str
    pictures: tuple[str, ...]
    finished: bool
    damage: str

    @classmethod
    def read(cls, folder: Path) -> SavedSession:
        """Read what the journal in a folder tells, without its pictures.

        Raises
        ------
        FileNotFoundError, OSError, ValueError
            There is no journal, or it cannot be read.
        """
        found = replay(folder, Pictures(folder))
        state, about = found.history.present, found.about
        return cls(
            name=folder.name,
            folder=folder,
            notebook=str(about.get("notebook", "")),
            pipeline=str(about.get("pipeline", "")),
            fingerprint=str(about.get("fingerprint", "")),
            begun=_moment(about["begun"]),
            when=_moment(found.when),
            rounds=len(state.turns),
            votes=len(state.votes),
            prompt=state.prompt,
            pictures=tuple(image.id for turn in state.turns[::-1] for image in turn.round),
            finished=found.finished,
            damage=found.damage,
        )

    @property
    def held_by(self) -> Holder | None:
        """Who has it in use now, None if nobody has."""
        return holder_of(self.folder)

    @property
    def bytes(self) -> int:
        """How much room it takes on disk."""
        return size_of(self.folder)

    def thumbnails(self, count: int = 6, side: int = 96) -> list[Image.Image]:
        """Return small pictures of the newest rounds, those that can be read.

        Parameters
        ----------
        count
            How many at most.
        side
            Of the longer side, in pixels.
        """
        made = []
        for name in self.pictures[:count]:
            try:
                made.append(thumbnail(self.folder, name, side))
            except Exception:  # noqa: BLE001, S112  (whatever is wrong: it is not shown)
                continue
        return made

    def open(self, fabric: PictureMaker, *, schedule: Schedule | None = None) -> Session:
        """Return a copy of the session, which does not save itself.

        Parameters
        ----------
        fabric
            Makes the pictures from now on; for the same pictures it needs the same pipeline.
        schedule
            How strongly votes count; by default the fabric's own.

        Raises
        ------
        FileNotFoundError, OSError, ValueError
            It is gone, or damaged from its first line on.
        """
        from fabric_widget.session.session import Session

        session = Session(fabric, schedule=schedule)
        session.restore(replay(self.folder, Pictures(self.folder)).history)
        return session

    def finish(self) -> None:
        """Note that it has ended, so that it is not offered again; it can still be continued.

        Raises
        ------
        SessionInUse
            Somebody has it in use.
        OSError, ValueError
            Its journal cannot be read or written.
        """
        with _held(self.folder):
            found = replay(self.folder, Pictures(self.folder))
            line, _ = line_of({"time": round(time.time(), 3), "finished": True}, found.total)
            file = disk.open_to_append(self.folder / NAME, found.end)
            try:
                disk.write(file, line)
            finally:
                os.close(file)

    def delete(self) -> None:
        """Delete it from the disk, with all its pictures.

        Raises
        ------
        SessionInUse
            Somebody has it in use: close that widget or kernel first.
        OSError
            It cannot be deleted.
        """
        delete(self.folder)


def delete(folder: Path) -> None:
    """Delete the folder of a session; see `SavedSession.delete`."""
    if not folder.is_dir():
        return
    with _held(folder):
        for path in folder.iterdir():
            if path.name != "lock":  # Windows deletes no file that is open
                path.unlink(missing_ok=True)
    (folder / "lock").unlink(missing_ok=True)
    folder.rmdir()


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = SessionLock(folder)
    if not lock.acquire():
        message = f"the session {folder.name} is in use by {holder_of(folder)}: close that first"
        raise SessionInUse(message)
    try:
        yield
    finally:
        lock.release()


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # it went meanwhile
            continue
    return total


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)

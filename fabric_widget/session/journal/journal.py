"""Journal: writes down the acts of a session, in the order in which they happen.

It is told of each act while it happens, makes a note, and writes it in the background: first the
pictures that are new, then a line that names them.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from fabric_widget.autosave import GIGABYTE
from fabric_widget.session.journal import disk
from fabric_widget.session.journal.acts import Act, Finished, Item, LetGo, Move, Whole
from fabric_widget.session.journal.deltas import NOTHING, delta_of, met_in
from fabric_widget.session.journal.entries import line_of
from fabric_widget.session.journal.lock import SessionLock
from fabric_widget.session.journal.pictures import Pictures
from fabric_widget.session.journal.replay import FORMAT, NAME, replay
from fabric_widget.session.journal.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fabric_widget.session.history import History
    from fabric_widget.session.journal.store import Store
    from fabric_widget.session.session import Session
    from fabric_widget.session.state import State
    from fabric_widget.session.timeline import What

_live: weakref.WeakValueDictionary[Path, Session] = weakref.WeakValueDictionary()
"""Sessions of this process by the folders of their journals."""


class Journal:
    """The journal of one session.

    Parameters
    ----------
    store
        Where it makes its folder when there is something to write.
    about
        Returns what is said of the session: its notebook, its pipeline. Called in the background.
    told
        Called in the background with what keeps it from writing, and with None when that is over.
    threads
        Whether there is a background.

    Attributes
    ----------
    folder
        Where the session is kept; None before anything was written.
    """

    def __init__(
        self,
        store: Store,
        *,
        about: Callable[[], Mapping[str, Any]] = dict,
        told: Callable[[Exception | None], object] = lambda _error: None,
        threads: bool = True,
    ) -> None:
        self._store = store
        self._about = about
        self.folder: Path | None = None
        self._pictures: Pictures | None = None
        self._lock: SessionLock | None = None
        self._file: int | None = None
        self._end = self._total = 0
        self._look_at = 0  # the store, when so many bytes are written
        self._listened = False  # what is on disk is all that happened
        self._copy = False  # of a session that is in use elsewhere
        self._broken = False  # an act could not be told: what follows needs it
        self._session: weakref.ref[Session] | None = None
        self._guard = threading.Lock()
        self._writer = Writer(self._write, told=told, release=self._release, threads=threads)

    # ---- from the session's side -----------------------------------------------------------------

    def attach(self, session: Session, *, copy: bool = False) -> None:
        """Write down what happens in a session from now on, and what happened so far.

        Of a `copy` nothing is written before something happens: what it is a copy of is on disk.
        """
        self._copy = copy
        self._session = weakref.ref(session)
        weakref.finalize(session, self._writer.close)
        session.observe(self._note)

    def resume(self, session: Session, folder: Path) -> bool:
        """Go on with the journal in a folder, if nobody else has it, and put it into a session.

        Returns
        -------
        bool
            False if the folder is in use elsewhere: then the session is a copy of what is there,
            and is written into a folder of its own.

        Raises
        ------
        FileNotFoundError, OSError, ValueError
            As for `replay`; the session is as it was.
        """
        lock = SessionLock(folder)
        try:
            mine = lock.acquire()
        except OSError:  # it may be read but not written: a copy, then
            mine = False
        try:
            found = replay(folder, pictures := Pictures(folder))
            if found.damage and mine:
                _put_aside(folder / NAME)
            session.restore(found.history)
        except BaseException:
            lock.release()
            raise
        if mine:
            self.folder, self._lock = folder, lock
            self._pictures = Pictures(folder, self._store.settings.memory * GIGABYTE)
            self._pictures.facts = pictures.facts
            self._pictures.hold(session.pictures.values())
            self._end, self._total = found.end, found.total
            self._listened = not found.finished
            _live[folder] = session
        self.attach(session, copy=not mine)
        return mine

    def finish(self, timeout: float | None = None) -> bool:
        """Say that the session has ended, and let others have it; return whether all is on disk.

        If something happens later after all, it is written down again.
        """
        with self._guard:
            if self._listened:
                self._listened = False
                self._writer.put(Finished(time.time()))
        return self.flush(timeout)

    def let_go(self, timeout: float | None = None) -> None:
        """Let others have the folder, and write nothing more."""
        self._writer.put(LetGo())
        self.flush(timeout)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that happened is on disk, or cannot be; return whether it is."""
        return self._writer.flush(timeout)

    @property
    def failing(self) -> bool:
        """Whether the disk did not take what was written last."""
        return self._writer.failing

    def _note(self, what: What, history: History[State]) -> None:
        now = time.time()
        item: object
        with self._guard:
            if what == "seen" and (self._listened or self._copy):
                return  # nothing new
            if not self._listened:
                if self.folder is None and not history.present.turns:
                    return  # nothing yet that is worth a folder
                item = Whole(*history.line, now)
                self._listened = True
            elif what in {"undo", "redo"}:
                item = Move(what, now)
            else:
                assert history.previous is not None  # noqa: S101  (an act has a state before it)
                item = Act(history.previous, history.present, now)
            self._writer.put(item)

    # ---- in the background -----------------------------------------------------------------------

    def _write(self, item: Item) -> None:
        if isinstance(item, LetGo):
            self._release()
            return
        if isinstance(item, Whole):
            self._broken = False
        elif self._broken:
            return
        try:
            self._open(item)
            self._make_room()
            self._append(self._entry(item))
            if self._pictures is not None:
                self._pictures.commit()
        except Exception as error:
            if not isinstance(error, OSError):
                with self._guard:
                    self._broken, self._listened = True, False  # the next act tells all anew
            raise
        if isinstance(item, Finished):
            self._release()

    def _entry(self, item: Whole | Act | Move | Finished) -> dict[str, Any]:
        """Return an entry whose pictures are on disk."""
        told: dict[str, Any] = {"time": round(item.when, 3)}
        if isinstance(item, Move):
            return told | {"move": item.move}
        if isinstance(item, Finished):
            return told | {"finished": True}
        states = [NOTHING, *item.states] if isinstance(item, Whole) else [item.before, item.after]
        deltas = []
        assert self._pictures is not None  # noqa: S101  (the file is open)
        self._pictures.begin()
        for before, after in itertools.pairwise(states):
            delta = delta_of(before, after)
            facts: dict[str, Any] = {}
            for name, picture in met_in(before, after).items():
                facts |= self._pictures.write(name, picture)
            deltas.append(delta | {"pictures": facts} if facts else delta)
        if isinstance(item, Whole):
            return told | {"line": deltas, "at": item.at}
        return told | {"act": deltas[0]}

    def _append(self, entry: Mapping[str, Any]) -> None:
        assert self._file is not None  # noqa: S101  (it is open)
        line, total = line_of(entry, self._total)
        try:
            disk.write(self._file, line)
        except OSError:
            self._close()  # it is opened again where the last whole line ends
            raise
        self._end, self._total = self._end + len(line), total

    def _make_room(self) -> None:
        """Look from time to time whether the sessions take too much room."""
        assert self._pictures is not None  # noqa: S101  (the file is open)
        assert self.folder is not None  # noqa: S101
        written = self._pictures.written + self._end
        if written >= self._look_at:
            self._look_at = written + self._store.make_room(self.folder)

    def _open(self, item: Item) -> None:
        """Open the journal: the one it had, or a new one if that is gone or somebody else's now."""
        if self.folder is not None and not (self.folder / NAME).exists():
            self._release()
            self.folder = None
        if self._file is not None:
            return
        if self.folder is not None and not self._retake(self.folder):
            self.folder = None
        if self.folder is None:
            if not isinstance(item, Whole):
                message = "the folder of the session is gone: it is written anew with the next act"
                raise RuntimeError(message)
            self._begin()

    def _retake(self, folder: Path) -> bool:
        """Take up the journal of a folder again, if that can be."""
        if self._lock is None:  # it was let go
            try:
                lock = SessionLock(folder)
                if not lock.acquire():
                    return False
                found = replay(folder, Pictures(folder))
            except (OSError, ValueError):
                return False
            self._lock, self._end, self._total = lock, found.end, found.total
        self._file = disk.open_to_append(folder / NAME, self._end)
        return True

    def _begin(self) -> None:
        """Make a folder of its own, with the first line."""
        folder = self._store.new_folder()
        lock = SessionLock(folder)
        lock.acquire()
        file = disk.open_to_append(folder / NAME, 0)
        try:
            about = {"format": FORMAT, "begun": round(time.time(), 3), **self._about()}
            line, self._total = line_of({"journal": about}, 0)
            disk.write(file, line)
        except BaseException:
            os.close(file)
            lock.release()
            self._store.drop(folder)
            raise
        self._end, self._look_at = len(line), 0
        self.folder, self._lock, self._file = folder, lock, file
        self._pictures = Pictures(folder, self._store.settings.memory * GIGABYTE)
        session = None if self._session is None else self._session()
        if session is not None:
            _live[folder] = session

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _release(self) -> None:
        self._close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def session_at(folder: Path) -> Session | None:
    """Return the session of this process that is written into a folder, if there is one."""
    return _live.get(folder)


def _put_aside(path: Path) -> None:
    """Keep a damaged journal beside the one that goes on from its sound part."""
    number = 1
    while (kept := path.with_name(f"damaged-{number}.jsonl")).exists():
        number += 1
    disk.put(kept, path.read_bytes())

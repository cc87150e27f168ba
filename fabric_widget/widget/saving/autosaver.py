"""Autosaver: the journal of the widget's session, and the offer to continue an earlier one."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import weakref
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.saving.notebook import notebook_name
from fabric_widget.widget.saving.places import hint_for_colab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.autosave import Autosave
    from fabric_widget.session import Session
    from fabric_widget.session.journal import Journal, SavedSession
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.publish import Publisher
    from fabric_widget.widget.view_protocol import WidgetView

_PATIENCE = 10.0  # seconds that closing waits for the disk
_THUMBS, _THUMB, _QUALITY = 6, 72, 75

_journals: weakref.WeakKeyDictionary[Session, Journal] = weakref.WeakKeyDictionary()
"""Journals by their sessions: of two widgets on one session the first one's serves both."""

_logger = logging.getLogger(__name__)


class Autosaver:
    """Keeps the widget's session on disk, and offers an unfinished one of this notebook.

    Parameters
    ----------
    view
        Shows the offer.
    lazy_session
        Has the session.
    publisher
        Tells what keeps the disk from being written.
    runs
        Know whether a round is being made.
    settings
        Where sessions are kept; None for nowhere.
    threads
        Whether there are threads.
    """

    def __init__(
        self,
        view: WidgetView,
        lazy_session: LazySession,
        publisher: Publisher,
        runs: Runs,
        *,
        settings: Autosave | None,
        threads: bool,
    ) -> None:
        self._view = view
        self._lazy_session = lazy_session
        self._publisher = publisher
        self._runs = runs
        self._settings = settings
        self._threads = threads
        self._offered: SavedSession | None = None

    # ---- the widget's own session ----------------------------------------------------------------

    def begin(self) -> None:
        """Write down the session from now on; look for one to continue."""
        if self._settings is None:
            return
        self._show(None)
        self._publisher.notice(hint_for_colab(self._settings))
        self._lazy_session.opened = self._opened
        session = self._lazy_session.session
        if session is not None:
            self._opened(session)
        if session is not None and session.turns:
            return
        if self._threads:
            look = threading.Thread(target=self._look, name="fabric-widget-offer", daemon=True)
            look.start()
        else:
            self._look()

    def finish(self) -> None:
        """Note that the session has ended, so that it is not offered again."""
        session = self._lazy_session.session
        journal = None if session is None else _journals.get(session)
        if journal is not None:
            journal.finish(_PATIENCE)

    def flush(self) -> bool:
        """Wait until all that happened is on disk; return whether it is."""
        session = self._lazy_session.session
        journal = None if session is None else _journals.get(session)
        return journal is None or journal.flush(_PATIENCE)

    def _opened(self, session: Session) -> None:
        if session not in _journals:
            self._journal_for(session).attach(session)

    def _journal_for(self, session: Session) -> Journal:
        from fabric_widget.session.journal import Journal, Store

        assert self._settings is not None  # noqa: S101  (nothing is saved without)
        model = weakref.ref(session.fabric)
        title, notebook = self._lazy_session.pipeline_info.title, notebook_name()

        def about() -> dict[str, Any]:
            return {"notebook": notebook, "pipeline": title, "fingerprint": fingerprint(model())}

        told = _Told(self._publisher, self._settings)
        journal = Journal(Store(self._settings), about=about, told=told, threads=self._threads)
        _journals[session] = journal
        return journal

    # ---- an earlier one --------------------------------------------------------------------------

    def unfinished(self) -> list[SavedSession]:
        """Return the sessions of this notebook that were not finished, the newest first."""
        if self._settings is None or not self._settings.root.is_dir():
            return []  # without a look at what would have to be imported
        from fabric_widget.session.journal import Store

        session, notebook = self._lazy_session.session, notebook_name()
        own = None if session is None or session not in _journals else _journals[session].folder
        return [
            saved
            for saved in Store(self._settings).sessions(notebook)
            if saved.rounds and not saved.finished and saved.folder != own
        ]

    def resume(self, which: Any = None) -> Session:  # noqa: ANN401  (checked here)
        """Continue an earlier session in this widget; see `FabricWidget.resume`."""
        saved = self._named(which)
        session = self._lazy_session.load()
        if not self._runs.resting:
            message = "a round is being made: wait for it or stop it, then continue the session"
            raise ValueError(message)
        taken, notice = self._taken(saved, session)
        if taken is not session:
            with self._view.writing():
                self._lazy_session.session = taken
                self._offered = None
                self._show(None)
                self._publisher.publish_session()
                self._view.set(**self._lazy_session.continued())
                count = len(taken.turns)
                told = f"Back at round {count}." if count else ""
                self._publisher.publish_idle(message=told, step=0, steps=0, rate=None, error=None)
            self._publisher.show_static_output()
        for text in (notice, self._other_model(saved, session), _damage(saved)):
            self._publisher.notice(text)
        return taken

    def start_anew(self) -> None:
        """Let the offered session be; it counts as finished and is not offered again."""
        offered, self._offered = self._offered, None
        self._show(None)
        if offered is None:
            return
        from fabric_widget.session.journal import session_at

        live = session_at(offered.folder)
        if live is not None and live in _journals:
            _journals[live].finish()
            return
        with contextlib.suppress(OSError, ValueError):  # it is offered once more, then
            offered.finish()

    def withdraw(self) -> None:
        """Take the offer back: a person has begun something else."""
        if self._offered is not None:
            self._offered = None
            self._show(None)

    def _taken(self, saved: SavedSession, session: Session) -> tuple[Session, str]:
        """Return the session to go on with, and what is to be said about that."""
        from fabric_widget.session import Session
        from fabric_widget.session.journal import session_at

        live = session_at(saved.folder)
        if live is session:
            return session, ""
        if live is not None:
            if _pipe(live) is _pipe(session):
                return live, ""  # the same in memory: nothing to read
            old = _journals.pop(live)
            live.observe(None)
            old.let_go(_PATIENCE)
            self._journal_for(live).attach(live, copy=True)
        fresh = Session(session.fabric, schedule=session.schedule, plan=session.plan)
        holder = saved.held_by
        if self._journal_for(fresh).resume(fresh, saved.folder):
            return fresh, ""
        who = "cannot be written to" if holder is None else f"is in use by {holder}"
        return fresh, f"This session {who}: you see a copy, and what you do goes into the copy."

    def _named(self, which: Any) -> SavedSession:  # noqa: ANN401  (whatever was given)
        from fabric_widget.session.journal import SavedSession, Store

        if isinstance(which, SavedSession):
            return which
        if which is None:
            found = self.unfinished()
            if found:
                return self._offered or found[0]
            message = "this notebook has no unfinished session: see fabric_widget.sessions()"
            raise ValueError(message)
        stored = [] if self._settings is None else Store(self._settings).sessions()
        known = {each.name: each for each in stored}
        if which not in known:
            message = f"there is no saved session {which!r}: see fabric_widget.sessions()"
            raise ValueError(message)
        return known[which]

    def _look(self) -> None:
        """Offer the newest unfinished session, one of the same model before others."""
        try:
            found = self.unfinished()
            session = self._lazy_session.session
            if not found or (session is not None and session.turns):
                return
            own = "" if session is None else fingerprint(session.fabric)
            same = [saved for saved in found if own and saved.fingerprint == own]
            offered = (same or found)[0]
            told = self._told(offered)
        except Exception:
            _logger.exception("sessions to continue could not be looked for")
            return
        with self._view.lock:
            if self._view.round is None:
                self._offered = offered
                self._show(told)

    def _told(self, saved: SavedSession) -> dict[str, Any]:
        """Return an offer as the front end shows it."""
        notes = [self._other_model(saved, self._lazy_session.session)]
        holder = saved.held_by
        if holder is not None and not holder.here:
            notes.append(f"It is in use by {holder}; continue in a copy.")
        return {
            "name": saved.name,
            "rounds": saved.rounds,
            "votes": saved.votes,
            "prompt": saved.prompt,
            "when": saved.when.isoformat(),
            "note": " ".join(filter(None, notes)),
            "thumbs": [_jpeg(image) for image in saved.thumbnails(_THUMBS, _THUMB)],
        }

    def _other_model(self, saved: SavedSession, session: Session | None) -> str:
        own = "" if session is None else fingerprint(session.fabric)
        if not own or not saved.fingerprint or own == saved.fingerprint:
            return ""
        return f"It was made with another model ({saved.pipeline}): seeds give other pictures."

    def _show(self, offer: Mapping[str, Any] | None) -> None:
        folder = "" if self._settings is None else str(self._settings.root)
        self._view.show(saving={"folder": folder, "offer": offer})


class _Told:
    """Says in the widget what keeps the disk from being written; once, until that is over."""

    def __init__(self, publisher: Publisher, settings: Autosave) -> None:
        self._publisher = weakref.ref(publisher)
        self._settings = settings

    def __call__(self, error: Exception | None) -> None:
        publisher = self._publisher()
        if publisher is None:
            return
        if error is not None:
            reason = getattr(error, "strerror", None) or str(error)
            publisher.notice(
                f"The session is not saved: {self._settings.root} cannot be written ({reason}). It "
                "goes on in memory, and is saved when that is possible again: make room, or give "
                "another folder, FabricWidget(pipe, autosave='folder')."
            )


def fingerprint(fabric: object) -> str:
    """Return a digest of a fabric's denoiser, empty where that is not known."""
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.pipeline.identity import identity_of

    pipe: Any = getattr(getattr(fabric, "fabric", fabric), "pipe", None)
    try:
        return identity_of(Denoiser(pipe).model)
    except TypeError:  # nothing that draws by a denoiser
        return ""
    except Exception:  # whatever keeps its weights from being read: nothing depends on it
        _logger.info("the pipeline has no fingerprint", exc_info=True)
        return ""


def _pipe(session: Session) -> object:
    fabric: Any = session.fabric
    return getattr(fabric, "pipe", fabric)


def _damage(saved: SavedSession) -> str:
    if not saved.damage:
        return ""
    return f"A part of this session could not be read: {saved.damage}. What came before is here."


def _jpeg(image: Any) -> bytes:  # noqa: ANN401  (a PIL image)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()

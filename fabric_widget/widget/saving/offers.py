"""Offers: what the widget offers to go on with. An earlier session, or the one it has just left."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.saving import autosaver as journals
from fabric_widget.widget.saving import switch as switching
from fabric_widget.widget.saving.notebook import notebook_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session import Session
    from fabric_widget.session.journal import SavedSession
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.saving.autosaver import Autosaver
    from fabric_widget.widget.saving.switch import Switch

LEFT = "left"
"""What a session is called that was left and is nowhere on disk."""

_logger = logging.getLogger(__name__)


class Offers:
    """Finds earlier sessions of this notebook, offers one, and goes on with one.

    Parameters
    ----------
    context
        What the widget's parts share.
    autosaver
        Knows where sessions are kept.
    switch
        Puts a session into the widget.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        autosaver: Autosaver,
        switch: Switch,
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher = context.publisher
        self._autosaver = autosaver
        self._switch = switch
        self._offered: SavedSession | None = None
        self._left_name = ""  # of the one that was left, while that is offered

    def begin(self, *, threads: bool) -> None:
        """Look for a session to continue, unless the widget's own has pictures already."""
        self._show(None)
        session = self._lazy_session.session
        if self._autosaver.settings is None or (session is not None and session.turns):
            return
        if threads:
            look = threading.Thread(target=self._look, name="fabric-widget-offer", daemon=True)
            look.start()
        else:
            self._look()

    def unfinished(self) -> list[SavedSession]:
        """Return the sessions of this notebook that were not finished, the newest first."""
        settings = self._autosaver.settings
        if settings is None or not settings.root.is_dir():
            return []  # without a look at what would have to be imported
        from fabric_widget.session.journal import Store

        own = self._autosaver.folder_of(self._lazy_session.session)
        return [
            saved
            for saved in Store(settings).sessions(notebook_name())
            if saved.rounds and not saved.finished and saved.folder != own
        ]

    def resume(self, which: Any = None) -> Session:  # noqa: ANN401  (checked here)
        """Continue an earlier session in this widget; see `FabricWidget.resume`."""
        left = self._left(which)
        if left is not None:
            self._switch.check()
            self.show(left)
            return left
        saved = self._named(which)
        session = self._lazy_session.load()
        self._switch.check()
        taken, notice = self._taken(saved, session)
        if taken is not session:
            self.show(taken)
        for text in (notice, self._other_model(saved, session), _damage(saved)):
            self._publisher.notice(text)
        return taken

    def show(self, session: Session, message: str = "") -> None:
        """Put a session into the widget, and offer the way back to the one that it had."""
        count = len(session.turns)
        message = message or (f"Back at round {count}." if count else "")
        with self._view.writing():
            kept = self._switch.show(session, message, on_disk=self._autosaver.keeps)
            self._offered, self._left_name = None, ""
            if kept:
                left = self._switch.left[-1]
                folder = self._autosaver.folder_of(left)
                self._left_name = LEFT if folder is None else folder.name
                self._show(switching.told(left, self._left_name))
            else:
                self._show(None)

    def start_anew(self) -> None:
        """Let the offered session be; an earlier one counts as finished and is not offered again.

        One that was left is kept all the same.
        """
        offered, self._offered, self._left_name = self._offered, None, ""
        self._show(None)
        if offered is None:
            return
        from fabric_widget.session.journal import session_at

        live = session_at(offered.folder)
        if live is not None and self._autosaver.finish(live):
            return
        try:
            offered.finish()
        except (OSError, ValueError):  # it is offered once more, then
            _logger.info("a session could not be finished", exc_info=True)

    def withdraw(self) -> None:
        """Take the offer of an earlier session back: a person has begun something else."""
        if self._offered is not None:
            self._offered = None
            self._show(None)

    def _left(self, which: object) -> Session | None:
        """Return the session that was left, if that is meant."""
        if not self._switch.left or self._offered is not None:
            return None
        if which == LEFT or which is None or which == self._left_name:
            return self._switch.left[-1]
        return None

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
            self._autosaver.take_over(live)
        fresh = Session(session.fabric, schedule=session.schedule, plan=session.plan)
        holder = saved.held_by
        if self._autosaver.resume(fresh, saved.folder):
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
        settings = self._autosaver.settings
        stored = [] if settings is None else Store(settings).sessions()
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
            own = "" if session is None else journals.fingerprint(session.fabric)
            same = [saved for saved in found if own and saved.fingerprint == own]
            offered = (same or found)[0]
            told = self._told(offered)
        except Exception:
            _logger.exception("sessions to continue could not be looked for")
            return
        with self._view.lock:
            if self._view.round is None and not self._left_name:
                self._offered = offered
                self._show(told)

    def _told(self, saved: SavedSession) -> dict[str, Any]:
        """Return an offer as the front end shows it."""
        notes = [self._other_model(saved, self._lazy_session.session)]
        holder = saved.held_by
        if holder is not None and not holder.here:
            notes.append(f"It is in use by {holder}; continue in a copy.")
        thumbs = saved.thumbnails(switching.THUMBS, switching.THUMB)
        return {
            "name": saved.name,
            "rounds": saved.rounds,
            "votes": saved.votes,
            "prompt": saved.prompt,
            "when": saved.when.isoformat(),
            "note": " ".join(filter(None, notes)),
            "thumbs": [switching.jpeg(image) for image in thumbs],
        }

    def _other_model(self, saved: SavedSession, session: Session | None) -> str:
        own = "" if session is None else journals.fingerprint(session.fabric)
        if not own or not saved.fingerprint or own == saved.fingerprint:
            return ""
        return f"It was made with another model ({saved.pipeline}): seeds give other pictures."

    def _show(self, offer: Mapping[str, Any] | None) -> None:
        settings = self._autosaver.settings
        folder = "" if settings is None else str(settings.root)
        self._view.show(saving={"folder": folder, "offer": offer})


def _pipe(session: Session) -> object:
    fabric: Any = session.fabric
    return getattr(fabric, "pipe", fabric)


def _damage(saved: SavedSession) -> str:
    if not saved.damage:
        return ""
    return f"A part of this session could not be read: {saved.damage}. What came before is here."

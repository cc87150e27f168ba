"""Autosaver: the journals of a widget's sessions."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.saving.notebook import notebook_name
from fabric_widget.widget.saving.places import hint_for_colab

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.autosave import Autosave
    from fabric_widget.session import Session
    from fabric_widget.session.journal import Journal
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.publish import Publisher

_PATIENCE = 10.0  # seconds that closing waits for the disk
_AT_ONCE = 1.0  # seconds that whoever acts waits for it: a disk that is slower is not waited for

_journals: weakref.WeakKeyDictionary[Session, Journal] = weakref.WeakKeyDictionary()
"""Journals by their sessions: of two widgets on one session the first one's serves both."""

_logger = logging.getLogger(__name__)


class Autosaver:
    """Keeps the widget's sessions on disk.

    Parameters
    ----------
    context
        What the widget's parts share.
    settings
        Where sessions are kept; None for nowhere.
    threads
        Whether there are threads.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        settings: Autosave | None,
        threads: bool,
    ) -> None:
        self._lazy_session, self._publisher = context.lazy_session, context.publisher
        self.settings = settings
        self._threads = threads

    def begin(self) -> None:
        """Write down the session from now on."""
        if self.settings is None:
            return
        self._publisher.notice(hint_for_colab(self.settings))
        self._lazy_session.opened = self.attach
        session = self._lazy_session.session
        if session is not None:
            self.attach(session)

    def attach(self, session: Session, *, copy: bool = False) -> None:
        """Write down what happens in a session, unless it is; `copy` as for `Journal.attach`."""
        if self.settings is not None and session not in _journals:
            self._journal_for(session).attach(session, copy=copy)

    def resume(self, session: Session, folder: Path) -> bool:
        """Put a session of a folder into one that is empty; see `Journal.resume`."""
        return self._journal_for(session).resume(session, folder)

    def take_over(self, session: Session) -> None:
        """Have a session of this process write into a folder of its own, and only if it acts."""
        old = _journals.pop(session)
        session.observe(None)
        old.let_go(_PATIENCE)
        self._journal_for(session).attach(session, copy=True)

    def folder_of(self, session: Session | None) -> Path | None:
        """Return where a session is kept; None if nothing of it is on disk."""
        journal = None if session is None else _journals.get(session)
        return None if journal is None else journal.folder

    def keeps(self, session: Session) -> bool:
        """Return whether all of a session is on disk."""
        return self.folder_of(session) is not None and _journals[session].flush(0.0)

    def finish(self, session: Session | None = None) -> bool:
        """Note that a session has ended, so that it is not offered again; return whether it is one.

        Parameters
        ----------
        session
            By default that of the widget.
        """
        session = session or self._lazy_session.session
        journal = None if session is None else _journals.get(session)
        if journal is not None:
            journal.finish(_PATIENCE)
        return journal is not None

    def flush(self, timeout: float = _PATIENCE) -> bool:
        """Wait until all that happened is on disk; return whether it is."""
        session = self._lazy_session.session
        journal = None if session is None else _journals.get(session)
        return journal is None or journal.flush(timeout)

    def settle(self) -> None:
        """Have an act on disk before it is answered, unless that takes longer than a second."""
        self.flush(_AT_ONCE)

    def _journal_for(self, session: Session) -> Journal:
        from fabric_widget.session.journal import Journal, Store

        assert self.settings is not None  # noqa: S101  (nothing is saved without)
        model = weakref.ref(session.fabric)
        title, notebook = self._lazy_session.pipeline_info.title, notebook_name()

        def about() -> dict[str, Any]:
            return {"notebook": notebook, "pipeline": title, "fingerprint": fingerprint(model())}

        told = _Told(self._publisher, self.settings)
        journal = Journal(Store(self.settings), about=about, told=told, threads=self._threads)
        _journals[session] = journal
        return journal


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

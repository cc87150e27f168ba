"""Opening: a saved session comes into the widget, from a place or from a page in pieces.

A style that a page sends is kept.
"""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget.widget.saving.incoming import Incoming

if TYPE_CHECKING:
    import os

    from fabric_widget.session import Session
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.saving.autosaver import Autosaver
    from fabric_widget.widget.saving.offers import Offers
    from fabric_widget.widget.saving.styles import Styles
    from fabric_widget.widget.saving.switch import Switch

_STYLE = ".fabric-style"
_MOST_TOLD = 4  # of what differs; the rest is counted


class Opening:
    """Opens session files in the widget.

    Parameters
    ----------
    context
        What the widget's parts share.
    autosaver
        Writes down what happens in what was opened.
    offers
        Offer the way back.
    switch
        Puts a session into the widget.
    styles
        Keep a style.

    Attributes
    ----------
    incoming
        The file that a page sends.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        autosaver: Autosaver,
        offers: Offers,
        switch: Switch,
        styles: Styles,
    ) -> None:
        self._lazy_session, self._publisher = context.lazy_session, context.publisher
        self._autosaver = autosaver
        self._offers = offers
        self._switch = switch
        self._styles = styles
        self.incoming = Incoming()

    def open(self, place: str | os.PathLike[str], *, check: bool = False) -> Session:
        """Open a saved session in this widget; see `FabricWidget.open`."""
        return self._opened(Path(place), check=check)

    def open_sent(self, number: int) -> None:
        """Open the session that a page has sent, or keep the style.

        Raises
        ------
        ValueError
            It is not whole, or a round is being made.
        SessionFileError
            It is damaged, or no session. The widget is as it was.
        """
        from fabric_widget.session import SessionFileError

        place, name = self.incoming.whole(number)
        try:
            if name.lower().endswith(_STYLE):
                kept = self._styles.keep_file(place, name)
                self._publisher.notice(f"The style {kept.name} is kept: use it under Styles.")
                return
            session = self._opened(place, name)
        except SessionFileError as error:
            raise type(error)(str(error).replace(str(place), name)) from error
        finally:
            _discard(place)  # the session has it open, and goes on reading from it
        weakref.finalize(session, _discard, place)  # where a file that is open cannot be deleted

    def _opened(self, place: Path, name: str = "", *, check: bool = False) -> Session:
        from fabric_widget.session import Session

        now = self._lazy_session.load()
        self._switch.check()
        session = Session.open(now.fabric, place, schedule=now.schedule, check=check)
        session.plan = now.plan
        self._switch.read(session)
        self._autosaver.attach(session, copy=True)  # it is on a disk as it is
        rounds, votes = len(session.turns), len(session.votes)
        self._offers.show(
            session,
            f"Opened {name or place.name}: {_counted(rounds, 'round')}, {_counted(votes, 'vote')}.",
        )
        self._publisher.notice(_differing(session.differences))
        return session


def _differing(differences: tuple[str, ...]) -> str:
    if not differences:
        return ""
    more = len(differences) - _MOST_TOLD
    told = [*differences[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]
    return (
        f"Seeds may give other pictures than in this session: {'; '.join(told)}. "
        "w.session.differences lists it."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _discard(place: Path) -> None:
    with contextlib.suppress(OSError):
        place.unlink(missing_ok=True)

"""Switch: another session comes into the widget, and the one before it is kept."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images.encoding import pixels
from fabric_widget.widget.state import serialize

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from fabric_widget.session import Session
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.run import Runs

THUMBS, THUMB = 6, 72
"""How many small pictures an offer shows, and the longest side of each, in pixels."""
_QUALITY = 75


class Switch:
    """Puts sessions into the widget, and keeps those that it takes out.

    Parameters
    ----------
    context
        What the widget's parts share.
    runs
        Know whether a round is being made.
    album
        Has pictures as bytes.

    Attributes
    ----------
    left
        Sessions that were taken out and that memory alone has, and the newest of all, at the end.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        runs: Runs,
        album: Album,
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._album = album
        self.left: list[Session] = []

    def check(self) -> None:
        """Raise a ValueError while a round is being made."""
        if not self._runs.resting:
            message = "a round is being made: wait for it or stop it, then open the session"
            raise ValueError(message)

    def read(self, session: Session) -> None:
        """Read what a page will show of a session first.

        Raises
        ------
        SessionFileError
            A picture of it is damaged. Nothing was changed.
        """
        turns, current = session.turns, session.current
        if current is not None:
            serialize.round_of(turns[current], current, self._album)
        serialize.history_of(turns, self._album)
        serialize.uploads_of(session, {}, self._album)

    def show(self, session: Session, message: str, *, on_disk: Callable[[Session], bool]) -> bool:
        """Put a session into the widget; return whether there was another one to be kept.

        Parameters
        ----------
        session
            The one that is to be seen from now on.
        message
            What the status says then.
        on_disk
            Whether a session need not be kept in memory.
        """
        with self._view.writing():
            before = self._lazy_session.session
            self.left = [one for one in self.left if one is not session and not on_disk(one)]
            kept = before is not None and bool(before.turns or before.votes)
            if before is not None and kept:
                self.left.append(before)
            self._worker.forget()  # votes on what is not seen any more ask for nothing
            self._lazy_session.session = session
            self._publisher.publish_session()
            self._view.set(**self._lazy_session.continued())
            self._publisher.publish_idle(message=message, step=0, steps=0, rate=None, error=None)
        self._publisher.show_static_output()
        return kept


def told(session: Session, name: str) -> dict[str, Any]:
    """Return a session that was taken out as the front end offers it."""
    newest = (image for turn in reversed(session.turns) for image in turn.round)
    return {
        "name": name,
        "rounds": len(session.turns),
        "votes": len(session.votes),
        "prompt": session.prompt,
        "when": datetime.now(UTC).isoformat(),
        "note": "",
        "left": True,
        "thumbs": [_small(pixels(image)) for image in islice(newest, THUMBS)],
    }


def jpeg(image: Image.Image) -> bytes:
    """Return a small picture as bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _small(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((THUMB, THUMB))
    return jpeg(small)

"""Methods of FabricWidget about sessions that saved themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabric_widget.session import Session
    from fabric_widget.session.journal import SavedSession
    from fabric_widget.widget.saving.offers import Offers


class ResumingMethods:
    """Methods that find and continue earlier sessions; each is a button of the front end too."""

    _offers: Offers

    @property
    def unfinished(self) -> list[SavedSession]:
        """Earlier sessions of this notebook that were not finished, the newest first.

        A session is finished when its widget is closed by `close`. `fabric_widget.sessions` lists
        those of all notebooks.
        """
        return self._offers.unfinished()

    def resume(self, which: SavedSession | str | None = None) -> Session:
        """Continue an earlier session in this widget, where it was left.

        If another kernel has it in use, this is a copy; votes and rounds go into the copy. The
        session that the widget had is kept, and offered in turn.

        Parameters
        ----------
        which
            One of `unfinished` or of `fabric_widget.sessions`, or its name; by default the one that
            the widget offers, or that it had before it opened another.

        Returns
        -------
        Session
            The session, which is the widget's own from now on.

        Raises
        ------
        ValueError
            There is no such session, its journal cannot be read, or a round is being made.
        OSError
            Its folder cannot be read.
        """
        return self._offers.resume(which)

    def start_anew(self) -> None:
        """Let the session be that the widget offers to continue; it is not offered again."""
        self._offers.start_anew()

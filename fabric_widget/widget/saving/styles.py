"""Styles: those that the person keeps, as the widget lists, uses and saves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.saving.switch import jpeg

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.session import Session
    from fabric_widget.session.styles import SavedStyle, StyleShelf
    from fabric_widget.widget.jobs.context import WidgetContext

_THUMBS, _THUMB = 3, 48


class Styles:
    """The person's styles.

    Parameters
    ----------
    context
        What the widget's parts share.
    vote
        Changes the votes of the session, and tells it.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        vote: Callable[[Callable[[Session], str | None]], str],
    ) -> None:
        self._lazy_session, self._publisher = context.lazy_session, context.publisher
        self._vote = vote

    def saved(self) -> list[SavedStyle]:
        """Return the styles by their names."""
        return self._shelf.styles()

    def told(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """Return the styles as the front end lists them, and their small pictures in that order."""
        rows, thumbs = [], []
        for saved in self.saved():
            try:
                small = [jpeg(image) for image in saved.thumbnails(_THUMBS, _THUMB)]
            except ValueError:  # damaged pictures: said when it is used
                small = []
            thumbs += small
            counts = {"likes": saved.likes, "dislikes": saved.dislikes}
            rows.append({"name": saved.name, **counts, "thumbs": len(small)})
        return rows, thumbs

    def keep(self, name: str, *, replace: bool = False) -> SavedStyle:
        """Keep the votes that stand under a name; errors are those of `StyleShelf.save`."""
        style = self._lazy_session.load().style(" ".join(name.split()))
        return self._shelf.save(style, replace=replace)

    def keep_file(self, place: Path, name: str) -> SavedStyle:
        """Keep the style of a file that is called `name`; errors as for `keep`, and of reading."""
        from fabric_widget.session.styles.shelf import style_of

        return self._shelf.save(style_of(place, name))

    def use(self, name: str) -> None:
        """Add the votes of a style to those that stand, as one act.

        Raises
        ------
        ValueError
            There is none of this name, its file is damaged, or a picture of it cannot be used.
        """
        style = self._shelf.named(name).open()

        def use(session: Session) -> None:
            known = set(session.pictures)
            session.use(style)
            new = (identity for identity in session.pictures if identity not in known)
            for number, identity in enumerate(new, 1):
                self._publisher.names.setdefault(identity, f"{name} {number}")

        self._vote(use)

    def delete(self, name: str) -> None:
        """Delete a style.

        Raises
        ------
        ValueError
            There is none of this name.
        OSError
            It cannot be deleted.
        """
        self._shelf.named(name).delete()

    @property
    def _shelf(self) -> StyleShelf:
        from fabric_widget.session.styles import StyleShelf

        return StyleShelf()

"""Saving and opening of a widget's session.

`open` is also a method of every ipywidget, which connects it to its front end: asked of the class,
it opens a session; asked of a widget, it is theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from ipywidgets import Widget

    from fabric_widget.session import Session


class _Open:
    """The method `open` of a class and the one of its widgets."""

    def __get__(self, widget: Widget | None, kind: type[Any]) -> Callable[..., Any]:
        """Return the one that was asked for."""
        if widget is not None:
            theirs: Any = super(SavingMethods, widget)  # what stands behind this mixin
            connect: Callable[..., Any] = theirs.open
            return connect

        def open_session(
            pipe: Any,  # noqa: ANN401  (a pipeline, a Fabric; or the place)
            place: Any = None,  # noqa: ANN401
            *,
            check: bool = False,
            **controls: Any,
        ) -> Any:  # noqa: ANN401  (a widget of the class)
            """Return a widget that goes on with a saved session.

            Parameters
            ----------
            pipe
                Makes the pictures from now on: a pipeline or a `Fabric`; None for the demo model.
            place
                The .fabric file, or the folder.
            check
                Whether every picture is read and checked now.
            **controls
                As for `FabricWidget`.

            Raises
            ------
            SessionFileError
                It is damaged, or there is none.
            """
            from fabric_widget.demo import load_demo
            from fabric_widget.session import Session

            return kind(Session.open(pipe or load_demo(), place, check=check), **controls)

        return open_session


class SavingMethods:
    """The methods of a widget that keep its session."""

    open = _Open()

    if TYPE_CHECKING:

        @property
        def session(self) -> Session:
            """The session of the widget."""

    def save(self, place: str | os.PathLike[str]) -> None:
        """Save the session in one file ("cats.fabric"), or in a folder (any other name).

        Everything is in it: pictures, latents, votes, branches, what undo and redo lead to, stars.
        `FabricWidget.open` goes on with it. Errors are those of `Session.save`.
        """
        self.session.save(place)

"""Methods of FabricWidget that save and open its session.

`open` is also a method of every ipywidget, which connects it to its front end: with the place of a
session it opens that, asked of the class in a new widget; without one it is theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from fabric_widget.session import PictureSettings, Session
    from fabric_widget.widget.messages.actions import Actions
    from fabric_widget.widget.publish import Publisher
    from fabric_widget.widget.saving.opening import Opening


class _Open:
    """The method `open` of a class and the one of its widgets."""

    def __get__(self, widget: SavingMethods | None, kind: type[Any]) -> Callable[..., Any]:
        """Return the one that was asked for."""
        if widget is not None:
            return widget._open_here  # noqa: SLF001  (of this very mixin)

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

    _actions: Actions
    _opening: Opening
    _publisher: Publisher

    open = _Open()

    def _open_here(
        self, place: str | os.PathLike[str] | None = None, *, check: bool = False
    ) -> Session | None:
        """Open a saved session in this widget; the one that it had is kept, `resume` returns to it.

        Parameters
        ----------
        place
            The .fabric file, or the folder. Keep it where it is while the session is open.
        check
            Whether every picture is read and checked now.

        Returns
        -------
        Session
            The session, which is the widget's own from now on. It follows the widget's pipeline;
            its `differences` say what it was made with.

        Raises
        ------
        SessionFileError
            It is damaged, or there is none. The widget is as it was.
        ValueError
            A round is being made.
        """
        if place is None:
            theirs: Any = super()  # what stands behind this mixin: they connect it to its page
            theirs.open()
            return None
        return self._opening.open(place, check=check)

    if TYPE_CHECKING:

        @property
        def session(self) -> Session:
            """The session of the widget."""

    def use_settings(self, png: Any) -> PictureSettings:  # noqa: ANN401  (a name, a path, bytes)
        """Set prompt, seed and the pipeline's settings to those that a picture was made from.

        Parameters
        ----------
        png
            The name of a picture that was dropped into the widget, the path of a PNG of this
            package, its bytes, or what `read_settings` returned.

        Returns
        -------
        PictureSettings
            What the picture says, also the votes that it was made with.

        Raises
        ------
        OSError
            There is no such file, or it is no picture.
        ValueError
            It does not say what it was made from.
        """
        from fabric_widget.session.files import PictureSettings, read_settings

        told = self._publisher.made.get(png) if isinstance(png, str) else None
        if told is None:
            told = png if isinstance(png, PictureSettings) else read_settings(png)
        if told is None:
            message = "the picture does not say what it was made from: give a PNG of this package"
            raise ValueError(message)
        self._actions.use_settings(told)
        return told

    def save(self, place: str | os.PathLike[str]) -> None:
        """Save the session in one file ("cats.fabric"), or in a folder (any other name).

        Everything is in it: pictures, latents, votes, branches, what undo and redo lead to, stars.
        `FabricWidget.open` goes on with it. Errors are those of `Session.save`.
        """
        self.session.save(place)

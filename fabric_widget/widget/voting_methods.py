"""Methods of FabricWidget that change the session: votes, uploads, undo, presets, styles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.state.settings import SHAPE

if TYPE_CHECKING:
    from fabric_widget.lora.shelf import Kept
    from fabric_widget.session.styles import SavedStyle
    from fabric_widget.widget.messages.actions import Actions
    from fabric_widget.widget.saving.styles import Styles
    from fabric_widget.widget.saving.tastes import Tastes


class VotingMethods:
    """Methods that change votes, history, presets, styles; each is a button of the page too."""

    _actions: Actions
    _styles: Styles
    _tastes: Tastes

    def like(
        self,
        picture: Any,  # noqa: ANN401  (an index or a picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for more like a picture, or like something of it.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, a generated image, or any picture:
            a PIL image, a numpy array, the path of a file.
        strength
            -2 … 2. A negative like is a dislike; 0 takes the vote back.
        aspect, part, in_place
            What of it counts, as for `Session.like`: "colors" or "form"; "subject", "background", a
            box (left, top, right, bottom) in its pixels, or a mask; and whether a part is borrowed
            only where it stands.

        Returns
        -------
        str
            The picture's name in `votes`.

        Raises
        ------
        ValueError
            It is no picture, or the strength, the aspect or the part cannot be used.
        IndexError
            The current round has no such picture.
        """
        given = self._actions.picture(picture)
        said = {"aspect": aspect, "part": part, "in_place": in_place}
        return self._actions.vote(lambda session: session.like(given, strength, **said))

    def dislike(
        self,
        picture: Any,  # noqa: ANN401  (an index or a picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for less like a picture; parameters, result and errors are those of `like`."""
        given = self._actions.picture(picture)
        said = {"aspect": aspect, "part": part, "in_place": in_place}
        return self._actions.vote(lambda session: session.dislike(given, strength, **said))

    def clear(self, picture: Any = None) -> None:  # noqa: ANN401  (an index or a picture)
        """Remove the vote on a picture, or all votes."""
        given = None if picture is None else self._actions.picture(picture)
        self._actions.vote(lambda session: session.clear(given))

    def add(self, picture: Any) -> str:  # noqa: ANN401  (any picture)
        """Add a picture of your own as liked; adding it twice has no effect.

        Parameters
        ----------
        picture
            A PIL image, a numpy array or the path of a file.

        Returns
        -------
        str
            Its name in `votes`.

        Raises
        ------
        ValueError
            It is no picture.
        """
        name = Path(picture).name if isinstance(picture, (str, os.PathLike)) else ""
        return self._actions.add(picture, name)

    def star(self, picture: Any, *, starred: bool = True) -> None:  # noqa: ANN401  (an index or a picture)
        """Mark a picture as one of the best so far, or no longer. It changes no picture to come.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, or a generated image.
        starred
            Whether it is one.

        Raises
        ------
        ValueError
            No round of the session made it.
        IndexError
            The current round has no such picture.
        """
        self._actions.star(self._actions.picture(picture), starred=starred)

    def undo(self) -> bool:
        """Undo the last vote, star, round or branch; return whether there was one."""
        return self._actions.travel(lambda session: session.undo())

    def redo(self) -> bool:
        """Redo what was undone last; return whether there was anything."""
        return self._actions.travel(lambda session: session.redo())

    def branch(self, index: int) -> None:
        """Go back to just after a round; nothing is lost.

        Parameters
        ----------
        index
            Of the round, from 0.

        Raises
        ------
        ValueError
            There is no such round.
        """
        self._actions.travel(lambda session: session.branch(index))

    def apply_preset(self, name: str) -> None:
        """Apply the feedback settings of a preset.

        Raises
        ------
        ValueError
            There is no such preset.
        """
        self._actions.apply_preset(name)

    def save_preset(self, name: str) -> None:
        """Save the current feedback settings as a preset.

        Raises
        ------
        ValueError
            The name cannot be taken.
        OSError
            The file of presets cannot be written.
        """
        self._actions.save_preset(name, {control: getattr(self, control) for control in SHAPE})

    def delete_preset(self, name: str) -> None:
        """Delete a preset that you saved.

        Raises
        ------
        ValueError
            It is built in, or unknown.
        OSError
            The file of presets cannot be written.
        """
        self._actions.delete_preset(name)

    @property
    def styles(self) -> list[SavedStyle]:
        """The styles that you keep, by their names: votes to be used with other prompts."""
        return self._styles.saved()

    def save_style(self, name: str, *, replace: bool = False) -> SavedStyle:
        """Keep the votes that stand as a style.

        Parameters
        ----------
        name
            1 to 60 letters.
        replace
            Whether it may take the place of one of the same name.

        Raises
        ------
        ValueError
            No vote stands, the name cannot be taken, or too many styles are kept.
        OSError
            It cannot be written.
        """
        return self._styles.keep(name, replace=replace)

    def use_style(self, name: str) -> None:
        """Add the votes of a style to those that stand; `undo` takes them off again.

        Where the pipeline has another latent space, its pictures are encoded anew.

        Raises
        ------
        ValueError
            There is none of this name, its file is damaged, or a picture of it cannot be used.
        """
        self._styles.use(name)

    def delete_style(self, name: str) -> None:
        """Delete a style. Sessions that use it keep its pictures.

        Raises
        ------
        ValueError
            There is none of this name.
        OSError
            It cannot be deleted.
        """
        self._styles.delete(name)

    @property
    def kept_tastes(self) -> list[Kept]:
        """The tastes on this machine that this pipeline can follow, by their names."""
        return self._tastes.kept()

    def use_taste(self, name: str, strength: float | None = None) -> None:
        """Use a taste in the rounds to come, or another strength of it; `undo` takes that back.

        It counts beside votes, and beside other tastes.

        Parameters
        ----------
        name
            What it is called.
        strength
            0 … 2; by default 1, or as it is. 0 takes it off.

        Raises
        ------
        ValueError
            There is none of this name for this pipeline, or the strength is out of range.
        """
        self._tastes.use(name, strength)

    def delete_taste(self, name: str) -> None:
        """Delete a taste, and take it off.

        Raises
        ------
        ValueError
            There is none of this name.
        OSError
            It cannot be deleted.
        """
        self._tastes.delete(name)

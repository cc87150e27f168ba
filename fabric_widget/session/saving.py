"""Saving: a session whose rounds, votes and undo can be kept on a disk.

What is in the files is left to ``files/``.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Self

from diffusers import DiffusionPipeline

from fabric_widget.engine import Fabric
from fabric_widget.session import files
from fabric_widget.session.exports import export
from fabric_widget.session.history import History
from fabric_widget.session.remaking import Remaking
from fabric_widget.session.replay import Replay, Replayed, environment_of, replay
from fabric_widget.session.replay.environment import added, differences
from fabric_widget.session.styles import Style
from fabric_widget.session.votes import read_vote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fabric_widget.engine import Schedule


class Saving(Remaking):
    """Saving a session, and opening it."""

    _environments: tuple[Mapping[str, Any], ...] = ()  # that it was saved in before
    _opened = False

    def save(self, place: str | os.PathLike[str]) -> None:
        """Save the session in one file, or in a folder.

        Rounds, votes, branches, stars and what undo and redo lead to are kept; pipeline arguments
        that are neither text nor numbers are not.

        Parameters
        ----------
        place
            "cats.fabric" is one file, which is replaced as a whole. Any other name is a folder; one
            that holds this session already is brought up to date: only what is new is written.

        Raises
        ------
        FileExistsError
            The folder holds something else.
        SessionFileError
            A picture that was to be read from where the session was opened is not there any more.
        OSError
            It cannot be written; what was there before is still there.
        """
        files.save(self._saved(), place)

    def export(self, place: str | os.PathLike[str], *, kind: str | None = None) -> list[Path]:
        """Write the session for people who have no kernel.

        Parameters
        ----------
        place
            "story.html" is a page that needs nothing else: pictures, prompts and votes, round by
            round, without a script. "story.py" is Python code that makes the session again, with a
            folder beside it if there were pictures from elsewhere. A name without a suffix is a
            folder of PNGs with a line about each in ``metadata.jsonl``.
        kind
            "page", "code" or "pictures", if the name does not say it.

        Returns
        -------
        list of Path
            What was written.

        Raises
        ------
        FileExistsError
            The folder holds something else.
        OSError
            It cannot be written.
        SessionFileError
            A picture that was saved cannot be read.
        ValueError
            There is no round yet, the name says nothing, or the session has what code cannot say.
        """
        return export(self._saved(), place, kind)

    def style(self, name: str) -> Style:
        """Return the votes that stand as a style, to be used with other prompts and sessions.

        Raises
        ------
        ValueError
            No vote stands.
        """
        return Style(name, self._history.present.votes, environment_of(self.fabric))

    def use(self, style: Style) -> None:
        """Add the votes of a style to those that stand, as one act.

        Where the pipeline has another latent space, the pictures are encoded anew.

        Raises
        ------
        BadReference
            One of the pictures cannot be used.
        SessionFileError
            One of them cannot be read any more.
        """
        votes = [read_vote(said, 1) for said in style.on(self.fabric)]
        for vote in votes:
            self._meet(vote)
        keys = {vote.key for vote in votes}
        self._act(
            lambda state: state.with_votes(
                [*(vote for vote in state.votes if vote.key not in keys), *votes]
            )
        )

    def replay(
        self,
        *,
        on_step: Callable[[int, int, float], object] | None = None,
        on_start: Callable[[tuple[str, ...]], object] | None = None,
        on_picture: Callable[[Replayed], object] | None = None,
    ) -> Replay:
        """Make every picture of the session once more, and say which are the same to the bit.

        Drafts, finished and enlarged pictures are made as they were, with their seeds, settings,
        schedules and recipes. The session stays as it is.

        Parameters
        ----------
        on_step
            Called after each step with the index of the round, the number of rounds, and how much
            of this one is done, 0 … 1.
        on_start
            Called with what is different now from when the session was saved (pipeline, weights,
            device, dtype, libraries), in words, before anything is made.
        on_picture
            Called with each picture when it is compared.

        Returns
        -------
        Replay
            `same`, the `pictures` one by one, and the `differences` of `on_start`.

        Raises
        ------
        GenerationCancelled
            `cancel` was called.
        SessionFileError
            A picture that was saved cannot be read.
        """
        known = self._environments or (environment_of(self.fabric),)
        self._cancelled = stop = threading.Event()
        try:
            return replay(
                self.fabric,
                self.turns,
                known,
                on_step=on_step,
                on_start=on_start,
                on_picture=on_picture,
                stopped=stop.is_set,
            )
        finally:
            self._cancelled = None

    @property
    def differences(self) -> tuple[str, ...]:
        """What is different now from when the session was saved, in words; () if nothing is.

        Pipeline, weights, scheduler, device, dtype, threads and libraries. While there is a
        difference, seeds may give other pictures.
        """
        if not self._environments and not self._opened:
            return ()
        return differences(self._environments, environment_of(self.fabric))

    @classmethod
    def open(
        cls,
        fabric: Any,  # noqa: ANN401  (a pipeline, or a Fabric; or first the place)
        place: Any = None,  # noqa: ANN401
        *,
        schedule: Schedule | None = None,
        check: bool = False,
    ) -> Self:
        """Return a session that was saved.

        Its pictures are read when somebody looks at them, so that a session of thousands opens at
        once; keep its file or folder while it is open.

        Parameters
        ----------
        fabric
            Makes the pictures from now on: a `Fabric`, a `HiRes` or a pipeline. For the same
            pictures it needs the same pipeline. It may also stand after the place.
        place
            The file or the folder.
        schedule
            How strongly votes count; by default the fabric's own.
        check
            Whether every picture is read and checked now. Otherwise a damaged one raises its
            `SessionFileError` when it is first looked at.

        Raises
        ------
        SessionFileError
            It is damaged, or was written by a newer version; a `FileNotFoundError` too if there is
            none, or a file of it is missing.
        """
        if isinstance(fabric, (str, os.PathLike)):
            fabric, place = place, fabric
        if not isinstance(place, (str, os.PathLike)) or fabric is None:
            message = "give a pipeline or a Fabric, and the name of a file or a folder"
            raise TypeError(message)
        if isinstance(fabric, DiffusionPipeline):
            fabric = Fabric(fabric)
        saved = files.open_saved(place, check=check)
        make: Any = cls  # whose arguments are those of Session
        session: Self = make(fabric, schedule=schedule)
        session._restore(saved)
        return session

    def _saved(self) -> files.Saved:
        with self._lock:
            line = self._history
            past, present, future = line.past, line.present, line.future
        environments = added(self._environments, environment_of(self.fabric))
        return files.Saved(present, past, future, environments)

    def _restore(self, saved: files.Saved) -> None:
        """Go to where a saved session was."""
        self._history = History(saved.present, saved.past, saved.future)
        self._environments, self._opened = saved.environments, True
        self._pictures.update(saved.pictures)
        self._parts.update(saved.parts)

"""Actions of a person on the session, from messages or from Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.settings import SEED_LIMIT, check_strengths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    from fabric_widget.session import PictureSettings, Session
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.state.presets import Presets

_MOST_PARTS = 500  # of a session: each takes up to 64 kB
_LONGEST_SIDE = 1536  # pixels: larger pictures that are added are reduced, a model sees no more


class Actions:
    """Votes, uploads, undo, branches, presets.

    Parameters
    ----------
    context
        What the widget's parts share.
    runs
        Know whether a round is being made.
    presets
        Those of the person.
    debounce
        Seconds that votes are waited for before they start a round.
    settle
        Called when something has happened, before it is told: it is on disk then.
    """

    def __init__(
        self,
        context: WidgetContext,
        runs: Runs,
        *,
        presets: Presets,
        debounce: float,
        settle: Callable[[], object],
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._presets = presets
        self._debounce = debounce
        self._settle = settle

    def use_settings(self, told: PictureSettings) -> None:
        """Set prompt, seed and the pipeline's settings to those that a picture was made from."""
        controls = self._lazy_session.pipeline_info.controls_for(told.prompt, told.settings)
        self._view.set(**controls, seed=told.seed % SEED_LIMIT)

    def picture(self, given: object) -> Any:  # noqa: ANN401  (a generated image or a PIL image)
        """Return a picture by its index, by its name in `votes`, or as it is.

        Raises
        ------
        IndexError
            The current round has no such picture.
        ValueError
            It is no picture.
        """
        session = self._lazy_session.load()
        if isinstance(given, int) and not isinstance(given, bool):
            made = self._view.round
            if made is None:
                message = "there is no round yet, so no picture has a number"
                raise IndexError(message)
            return made[given]
        if isinstance(given, str) and given in (names := serialize.named(session)):
            return session.pictures[names[given]]
        if not isinstance(given, (str, os.PathLike, Image.Image)) and hasattr(given, "latents"):
            return given
        return _taken(given)

    def vote(self, act: Callable[[Session], str | None]) -> str:
        """Change votes; return the name of the picture that changed."""
        session = self._lazy_session.load()
        with self._view.writing():
            before = session.strengths
            identity = act(session)
            self._settle()
            self._publisher.publish_session()
            if session.strengths != before:
                self._voted()
        self._worker.pump()
        return serialize.name_of(identity or "")

    def vote_part(self, picture: Picture, mask: npt.NDArray[np.uint8], strength: float) -> None:
        """Like or dislike a part of a picture that was marked; it narrows a like of all of it.

        Raises
        ------
        ValueError
            The part is empty, the strength is 0 or out of range, or too many parts were marked.
        """
        session = self._lazy_session.load()
        check_strengths({"": strength})
        if not strength:
            message = "the strength of a vote on a part is 0: like it, or dislike it"
            raise ValueError(message)
        if len(session.parts) >= _MOST_PARTS:
            message = f"{_MOST_PARTS} parts were marked in this session, and no more can be kept"
            raise ValueError(message)

        def narrow(session: Session) -> None:
            key = session.name(picture, part=mask)
            votes = session.strengths
            whole = votes.get(key.partition(":")[0], 0.0)
            same = whole * strength > 0
            kept = {k: v for k, v in votes.items() if k != key and not (same and key.startswith(k))}
            session.vote(kept | {key: whole if same else strength})

        self.vote(narrow)

    def follow(self, votes: Mapping[str, float]) -> None:
        """Give the votes of the trait to the session, unless it has them already."""
        session = self._lazy_session.session
        if session is None:
            return
        keys = serialize.keys_of(session, votes)
        wanted = {keys[name]: strength for name, strength in votes.items()}
        if wanted != session.strengths:
            session.vote(wanted)
            self._settle()
            self._voted()

    def wait(self) -> None:
        """Wait anew for votes, if they are waited for: more of them are about to come."""
        self._worker.delay(self._debounce)

    def add(self, picture: object, name: str) -> str:
        """Add an uploaded picture as liked; return its name in `votes`.

        Raises
        ------
        ValueError
            It is no picture.
        """
        image = _taken(picture)

        def like(session: Session) -> str:
            identity = session.like(image)
            if name:
                self._publisher.names.setdefault(identity, name)
            return identity

        return self.vote(like)

    def star(self, picture: Any, *, starred: bool) -> None:  # noqa: ANN401  (checked by the session)
        """Star a picture, or no longer.

        Raises
        ------
        ValueError
            No round made it.
        """
        session = self._lazy_session.load()
        with self._view.writing():
            session.star(picture, starred=starred)
            self._settle()
            self._publisher.publish_session()
            self._publisher.publish_status()
        self._publisher.show_static_output()

    def travel(self, move: Callable[[Session], object]) -> bool:
        """Undo, redo or branch, and publish the result; return whether anything changed."""
        session = self._lazy_session.load()
        with self._view.writing():
            before = _standing(session)
            move(session)
            self._settle()
            moved = before != _standing(session)
            self._worker.forget()
            self._publisher.publish_session()
            current = session.current
            if current != before[0] and current is not None:
                self._view.set(
                    **self._lazy_session.pipeline_info.controls_of(session.turns[current])
                )
            self._publisher.renew_seed()
            if self._runs.resting:
                words = "" if current is None else f"Back at round {current + 1}."
                self._publisher.publish_idle(message=words, step=0, steps=0, rate=None)
            else:
                self._publisher.publish_status()
        self._publisher.show_static_output()
        return moved

    def apply_preset(self, name: str) -> None:
        """Set the controls of a preset.

        Raises
        ------
        ValueError
            There is no such preset.
        """
        values = self._presets.values(name)
        with self._view.writing():
            self._view.set(**values)

    def save_preset(self, name: str, values: Mapping[str, Any]) -> None:
        """Save a preset.

        Raises
        ------
        ValueError
            The name or the values cannot be taken.
        OSError
            The file of presets cannot be written.
        """
        try:
            self._presets.save(name, values)
        finally:
            self.show_presets()

    def delete_preset(self, name: str) -> None:
        """Delete a saved preset.

        Raises
        ------
        ValueError
            It is built in, or unknown.
        OSError
            The file of presets cannot be written.
        """
        try:
            self._presets.delete(name)
        finally:
            self.show_presets()

    def show_presets(self) -> None:
        """Publish the presets."""
        self._view.show(presets=self._presets.listed())

    def _voted(self) -> None:
        """Request a round after a vote, if votes do that."""
        if self._view.auto and self._view.round is not None:
            self._worker.soon(self._debounce)
        self._publisher.publish_status()


def _standing(session: Session) -> tuple[Any, ...]:
    """Return what undo and redo change."""
    present = (session.current, len(session.turns), session.strengths, session.starred)
    return (*present, session.lora_uses)


def _taken(picture: object) -> Image.Image:
    """Return an uploaded picture as RGB, no larger than a model can use."""
    from fabric_widget.engine.votes.images import read_picture

    image = read_picture(picture)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image

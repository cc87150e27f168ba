"""Session: rounds that take into account what the person liked and disliked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.references import read_votes
from fabric_widget.session.history import History
from fabric_widget.session.state import State, Vote

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.engine import Fabric, Progress, Round, Schedule
    from fabric_widget.session.state import Picture


class Session:
    """A person's way through rounds of pictures, with votes and unlimited undo.

    Every act (a vote that changes something, a clear, a round) can be taken back. A session is a
    function of its acts: the same seed, prompts and votes give the same pixels. Votes may come from
    another thread while a round is being made; they count from the next round on.

    Parameters
    ----------
    fabric
        Makes the pictures.
    seed
        Of the first picture, not negative. Every picture after it gets the next seed, so no two
        pictures of a session share one, unless `generate` is told a seed.
    schedule
        How strongly votes count; by default the fabric's own.
    """

    def __init__(self, fabric: Fabric, *, seed: int = 0, schedule: Schedule | None = None) -> None:
        self.fabric = fabric
        self.schedule = schedule
        self._history = History(State(next_seed=seed))
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """Count rounds and votes."""
        counts = f"liked={len(self.liked)}, disliked={len(self.disliked)}"
        return f"{type(self).__name__}(rounds={len(self.rounds)}, {counts})"

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds, oldest first."""
        return self._history.present.rounds

    @property
    def prompt(self) -> str:
        """Of the last round; the next round uses it unless it is given another."""
        return self._history.present.prompt

    @property
    def votes(self) -> tuple[tuple[Picture, float], ...]:
        """Pictures with their signed strengths, liked above 0, the newest vote last."""
        return tuple((vote.image, vote.strength) for vote in self._history.present.votes)

    @property
    def liked(self) -> tuple[tuple[Picture, float], ...]:
        """Liked pictures with their strengths, more than 0 and up to 2, the newest last."""
        return self._history.present.liked

    @property
    def disliked(self) -> tuple[tuple[Picture, float], ...]:
        """Disliked pictures with their strengths, more than 0 and up to 2, the newest last."""
        return self._history.present.disliked

    def generate(
        self,
        prompt: str | None = None,
        *,
        num_images: int = 4,
        seed: int | None = None,
        on_step: Callable[[Progress], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Make a round with the votes as they stand.

        If it fails or is cancelled, the session is as it was.

        Parameters
        ----------
        prompt
            By default that of the last round.
        num_images
            How many pictures, 1 … 64.
        seed
            Of the first picture; by default the one after the greatest seed so far.
        on_step
            Called after each step.
        **pipeline_arguments
            The pipeline's own arguments under their own names.

        Raises
        ------
        FabricError
            The engine's: a vote that cannot be used, a busy pipeline, a cancelled run.
        TypeError, ValueError
            An argument is of the wrong kind or out of range.
        """
        before = self._history.present
        made = self.fabric(
            before.prompt if prompt is None else prompt,
            num_images=num_images,
            seed=before.next_seed if seed is None else seed,
            liked=before.liked,
            disliked=before.disliked,
            schedule=self.schedule,
            on_step=on_step,
            **pipeline_arguments,
        )
        self._act(lambda state: state.with_round(made))
        return made

    def like(self, image: Any, strength: float = 1.0) -> None:  # noqa: ANN401  (any picture)
        """Ask for more like `image`.

        Parameters
        ----------
        image
            A generated image, or any picture: a PIL image, a numpy array, the path of a file
            (which is read now).
        strength
            -2 … 2. A negative like is a dislike; 0 takes the vote back. The newest vote on a
            picture is the one that counts.

        Raises
        ------
        BadReference
            `image` is not a picture, or the strength is out of range.
        """
        self._vote(image, strength, sign=1)

    def dislike(self, image: Any, strength: float = 1.0) -> None:  # noqa: ANN401  (any picture)
        """Ask for less like `image`; parameters and errors are those of `like`."""
        self._vote(image, strength, sign=-1)

    def clear(self, image: Any = None) -> None:  # noqa: ANN401  (any picture)
        """Take back the vote on `image`, or all votes.

        Raises
        ------
        BadReference
            `image` is not a picture.
        """
        if image is None:
            self._act(State.without_votes)
        else:
            self._vote(image, 0.0, sign=1)

    def undo(self) -> bool:
        """Take the last act back; return whether there was one."""
        with self._lock:
            return self._history.undo()

    def redo(self) -> bool:
        """Do again what was taken back last; return whether there was anything.

        A new act forgets what was taken back before it.
        """
        with self._lock:
            return self._history.redo()

    def _vote(self, image: object, strength: float, *, sign: int) -> None:
        vote = _read(image, strength, sign)
        self._act(lambda state: state.with_vote(vote))

    def _act(self, change: Callable[[State], State]) -> None:
        """Apply a change to the present, if it is one."""
        with self._lock:
            state = change(self._history.present)
            if state is not self._history.present:
                self._history.act(state)


def _read(image: object, strength: float, sign: int) -> Vote:
    """Return the vote, which the engine checks and names."""
    read = read_votes([(image, strength)], [])
    if not (read.liked or read.disliked):  # strength 0 is no feedback, but still about a picture
        (named,) = read_votes([image], []).liked
        return Vote(named.id, named.content, 0.0)
    (named,) = read.liked or read.disliked
    return Vote(named.id, named.content, sign * (named.strength if read.liked else -named.strength))

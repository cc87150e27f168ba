"""Session: rounds of pictures that take votes into account."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import BadReference, Lens, Round, Vote
from fabric_widget.engine.request import MAX_IMAGES, checked_number, usable_seed
from fabric_widget.session import files
from fabric_widget.session.batches import generate_in_batches
from fabric_widget.session.history import History
from fabric_widget.session.remaking import DRAFT, STEPS, Remaking, full_steps
from fabric_widget.session.state import State, Turn
from fabric_widget.session.votes import checked_of, read_vote, strengths_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from fabric_widget.engine import Fabric, GeneratedImage, Plan, Progress, Schedule
    from fabric_widget.session.votes import Picture

CONTRIBUTIONS = Lens(image=None, looks=False, parts=1, cells=1, steps=3)
"""Records how much each vote mattered in a round, and nothing else: so that it costs little."""


class Session(Remaking):
    """Rounds of pictures with votes, branches and unlimited undo.

    Every act (a vote that changes something, a clear, a round, a step back to an earlier round) can
    be taken back. A session is a function of its acts: the same seed, prompts and votes give the
    same pixels. Votes may come from another thread while a round is being made; they count from the
    next round on.

    Parameters
    ----------
    fabric
        Makes the pictures.
    seed
        Of the first picture, not negative. Every picture after it gets the next seed, so no two
        pictures of a session share one, unless `generate` is told a seed.
    schedule
        How strongly votes count; by default the fabric's own. May be set anew between rounds.
    plan
        Which picture of a round follows what; by default the fabric's own. May be set anew between
        rounds.
    lens
        What is recorded of each round's attention; by default the `contributions` of its votes.
        None records nothing. May be set anew between rounds.
    """

    def __init__(
        self,
        fabric: Fabric,
        *,
        seed: int = 0,
        schedule: Schedule | None = None,
        plan: Plan | None = None,
        lens: Lens | None = CONTRIBUTIONS,
    ) -> None:
        super().__init__(State(next_seed=seed))
        self.fabric = fabric
        self.schedule = schedule
        self.plan = plan
        self.lens = lens
        self._pictures: dict[str, Picture] = {}

    def __repr__(self) -> str:
        """Count rounds and votes."""
        counts = f"liked={len(self.liked)}, disliked={len(self.disliked)}"
        return f"{type(self).__name__}(rounds={len(self.rounds)}, {counts})"

    @property
    def pictures(self) -> Mapping[str, Picture]:
        """Every picture that the session has met, by id; also those of acts taken back."""
        return MappingProxyType(self._pictures)

    @property
    def votes(self) -> tuple[tuple[Picture, float], ...]:
        """Pictures with their signed strengths, liked above 0, the newest vote last."""
        return tuple((vote.image, vote.strength) for vote in self._history.present.votes)

    @property
    def strengths(self) -> dict[str, float]:
        """Signed strengths of the votes by the pictures' ids, the newest vote last."""
        return strengths_of(self._history.present.votes)

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
        batch_size: int | None = None,
        plan: Plan | None = None,
        on_step: Callable[[Progress], object] | None = None,
        on_images: Callable[[int, tuple[GeneratedImage, ...]], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate a round with the current votes.

        If it fails or is cancelled, the session is as it was.

        Parameters
        ----------
        prompt
            By default that of the current round.
        num_images
            How many pictures, 1 … 64.
        seed
            Of the first picture; by default the one after the greatest seed so far.
        batch_size
            How many pictures are made at a time, 1 or more; by default all at once. Small batches
            need less memory.
        plan
            Which picture follows what; by default the session's own.
        on_step
            Called after each step. Steps are counted over all batches.
        on_images
            Called with the index of the first of them, and the pictures, when a batch is finished.
        **pipeline_arguments
            The pipeline's own arguments under their own names.

        Raises
        ------
        FabricError
            The engine's: a vote that cannot be used, a busy pipeline, a cancelled run.
        TypeError, ValueError
            An argument is of the wrong kind or out of range.
        """
        return self._generated(
            prompt,
            None,
            num_images=num_images,
            seed=seed,
            batch_size=batch_size,
            plan=plan,
            on_step=on_step,
            on_images=on_images,
            **pipeline_arguments,
        )

    def draft(
        self,
        prompt: str | None = None,
        *,
        num_images: int = 4,
        num_inference_steps: int | None = None,
        **others: Any,
    ) -> Round:
        """Generate a round of drafts: three times as many pictures in a third of the steps.

        `finish` makes one of them in full.

        Parameters
        ----------
        prompt, **others
            As for `generate`.
        num_images
            How many pictures a round in full would have; there are three times as many, up to 64.
        num_inference_steps
            Of a finished picture; by default the pipeline's own.

        Raises
        ------
        FabricError, TypeError, ValueError
            As for `generate`.
        """
        steps = full_steps(self.fabric, num_inference_steps)
        drafts = min(DRAFT * checked_number(num_images), MAX_IMAGES)
        fewer = max(steps // DRAFT, 1)
        return self._generated(
            prompt, steps, num_images=drafts, num_inference_steps=fewer, **others
        )

    def like(
        self,
        image: Any,  # noqa: ANN401  (any picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for more like `image`, or like something of it.

        Parameters
        ----------
        image
            A generated image, or any picture: a PIL image, a numpy array, the path of a file
            (which is read now).
        strength
            -2 … 2. A negative like is a dislike; 0 takes the vote back. Of votes about the same
            aspect and part of a picture the newest counts; others stand beside it.
        aspect
            What of the picture counts: "all", its "colors", or its "form".
        part
            Which part of it counts: None for the whole, "subject", "background", a box (left, top,
            right, bottom) in its pixels, or a mask (an "L" image or an array (height, width), above
            0 where the part is).
        in_place
            Whether the part is borrowed only where it stands; otherwise anywhere.

        Returns
        -------
        str
            The picture's id: equal pictures have equal ids.

        Raises
        ------
        BadReference
            `image` is not a picture, or one of the other arguments cannot be used.
        """
        return self._vote(Vote(image, strength, aspect, part, in_place), sign=1)

    def dislike(
        self,
        image: Any,  # noqa: ANN401  (any picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for less like `image`; parameters, result and errors are those of `like`."""
        return self._vote(Vote(image, strength, aspect, part, in_place), sign=-1)

    def vote(self, strengths: Mapping[str, float]) -> None:
        """Replace all votes on whole pictures, as one act.

        Votes about an aspect or a part stay.

        Parameters
        ----------
        strengths
            -2 … 2 by the ids of pictures that the session has met, the newest vote last; liked
            above 0, disliked below. Pictures that are not named, or with 0, have no vote.

        Raises
        ------
        BadReference
            An id is unknown, or a strength is out of range. No vote was changed.
        """
        unknown = [name for name in strengths if name not in self._pictures]
        if unknown:
            message = f"no picture of this session is called {', '.join(map(repr, unknown))}"
            raise BadReference(message)
        votes = [
            read_vote(Vote(self._pictures[name], value), 1) for name, value in strengths.items()
        ]
        self._act(
            lambda state: state.with_votes([*(v for v in state.votes if not v.plain), *votes])
        )

    def clear(self, image: Any = None) -> None:  # noqa: ANN401  (any picture)
        """Remove the votes on `image`, or all votes.

        Raises
        ------
        BadReference
            `image` is not a picture.
        """
        if image is None:
            self._act(lambda state: state.with_votes(()))
        else:
            named = read_vote(Vote(image, 0.0), 1)
            self._act(lambda state: state.with_votes([v for v in state.votes if v.id != named.id]))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Save the session into a folder.

        A folder that holds this session already is brought up to date: only what is new is written.
        What was taken back by undo is not kept, nor are pipeline arguments that are neither text
        nor numbers.

        Raises
        ------
        FileExistsError
            The folder holds something else.
        OSError
            It cannot be written; what it held before is still there.
        """
        files.write(self._history.present, folder)

    @classmethod
    def open(
        cls, folder: str | os.PathLike[str], fabric: Fabric, *, schedule: Schedule | None = None
    ) -> Session:
        """Return the session that `save` wrote into a folder.

        Parameters
        ----------
        folder
            Where it was saved.
        fabric
            Makes the pictures from now on; for the same pictures it needs the same pipeline.
        schedule
            How strongly votes count; by default the fabric's own.

        Raises
        ------
        FileNotFoundError
            There is no session, or a file of it is missing.
        ValueError
            It is damaged, or was written by a newer version.
        """
        state = files.read(folder)
        session = cls(fabric, schedule=schedule)
        session._history = History(state)
        session._pictures.update(state.pictures)
        return session

    def _generated(
        self,
        prompt: str | None,
        full_steps: int | None,
        *,
        num_images: int,
        seed: int | None = None,
        plan: Plan | None = None,
        batch_size: int | None = None,
        on_step: Callable[[Progress], object] | None = None,
        on_images: Callable[[int, tuple[GeneratedImage, ...]], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate a round; of drafts, if `full_steps` are more than theirs."""
        before, schedule = self._history.present, self.schedule
        plan = plan or self.plan or self.fabric.plan
        lens = self.lens if before.votes else None
        prompt = before.prompt if prompt is None else prompt
        seed = usable_seed(before.next_seed) if seed is None else seed
        made = generate_in_batches(
            self.fabric,
            prompt,
            num_images=num_images,
            seed=seed,
            batch_size=batch_size,
            on_step=on_step,
            on_images=on_images,
            recipes=plan.recipes(checked_of(before.votes), checked_number(num_images), seed),
            schedule=schedule,
            lens=lens,
            **pipeline_arguments,
        )
        drafts = full_steps is not None and full_steps > pipeline_arguments[STEPS]
        turn = Turn(
            made,
            before.votes,
            schedule,
            before.current,
            "drafts" if drafts else "round",
            full_steps if drafts else None,
        )
        with self._lock:
            self._pictures.update((image.id, image) for image in turn.round)
        self._act(lambda state: state.with_turn(turn))
        return turn.round

    def _vote(self, said: Vote, *, sign: int) -> str:
        vote = read_vote(said, sign)
        with self._lock:
            self._pictures.setdefault(vote.id, vote.image)
        self._act(lambda state: state.with_vote(vote))
        return vote.id

"""Session: rounds of pictures that take votes into account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.engine import Lens, MoreLike, Round
from fabric_widget.engine.request import checked_number, usable_seed
from fabric_widget.session.batches import generate_in_batches
from fabric_widget.session.loras import in_runs, made_with
from fabric_widget.session.remaking import DRAFT, STEPS, draft_steps, full_steps, made_by
from fabric_widget.session.saving import Saving
from fabric_widget.session.state import State, Turn
from fabric_widget.session.subject import find_subject, tells_subjects
from fabric_widget.session.votes import checked_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from fabric_widget.engine import GeneratedImage, Plan, Progress, Schedule
    from fabric_widget.session.maker import PictureMaker

CONTRIBUTIONS = Lens(image=None, looks=False, parts=1, cells=1, steps=3)
"""Records how much each vote mattered in a round, and nothing else: so that it costs little."""


class Session(Saving):
    """Rounds of pictures with votes, branches and unlimited undo.

    Every act (a vote that changes something, a clear, a round, a step back to an earlier round) can
    be taken back. A session is a function of its acts: the same seed, prompts and votes give the
    same pixels. Votes may come from another thread while a round is being made; they count from the
    next round on.

    Parameters
    ----------
    fabric
        Makes the pictures: a `Fabric`, a `HiRes`, a `DistributedFabric`.
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
        fabric: PictureMaker,
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

    def __repr__(self) -> str:
        """Count rounds and votes."""
        counts = f"liked={len(self.liked)}, disliked={len(self.disliked)}"
        return f"{type(self).__name__}(rounds={len(self.rounds)}, {counts})"

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
        num_images: int = 4 * DRAFT,
        num_inference_steps: int | None = None,
        **others: Any,
    ) -> Round:
        """Generate a round of drafts: many pictures in a third of the steps, to look over quickly.

        `finish` makes one of them in full.

        Parameters
        ----------
        prompt, **others
            As for `generate`.
        num_images
            How many drafts, 1 … 64; twelve cost about as much as a round of four.
        num_inference_steps
            Of a finished picture; by default the pipeline's own.

        Raises
        ------
        FabricError, TypeError, ValueError
            As for `generate`.
        """
        steps = full_steps(self.fabric, num_inference_steps)
        fewer = draft_steps(steps)
        return self._generated(
            prompt, steps, num_images=num_images, num_inference_steps=fewer, **others
        )

    def more_like(
        self,
        picture: GeneratedImage,
        prompt: str | None = None,
        *,
        variety: float = 0.5,
        **others: Any,
    ) -> Round:
        """Generate a round about one picture: each of its pictures follows that alone.

        Votes do not count for it, and stay as they are.

        Parameters
        ----------
        picture
            Of any round.
        prompt, **others
            As for `generate`; there is no plan to be given.
        variety
            0 … 1: how far the pictures go from it, as for `Explore`.

        Raises
        ------
        FabricError, TypeError
            As for `generate`.
        ValueError
            No round made the picture, or an argument is out of range.
        """
        self.turn_of(picture)
        return self.generate(prompt, plan=MoreLike(picture, variety), **others)

    @property
    def starred(self) -> tuple[GeneratedImage, ...]:
        """The best pictures so far, as `star` marked them; the one starred last at the end."""
        pictures: Mapping[str, Any] = self.pictures
        return tuple(pictures[identity] for identity in self._history.present.starred)

    def star(self, picture: GeneratedImage, *, starred: bool = True) -> None:
        """Mark a picture as one of the best so far, or no longer. It changes no picture to come.

        Raises
        ------
        ValueError
            No round made it.
        """
        self.turn_of(picture)
        self._act(lambda state: state.with_star(picture.id, starred=starred))

    def subject(self, identity: str) -> torch.Tensor:
        """Return where the subject of a picture is, by the model's own attention.

        It is looked for as a round would that borrows it, and remembered for that round.

        Parameters
        ----------
        identity
            Id of a picture that the session has met.

        Returns
        -------
        torch.Tensor
            (rows, columns), 1 where it is, else 0.

        Raises
        ------
        FabricError
            The pipeline's attention does not tell; or the pipeline is busy, or makes pictures in
            two passes.
        KeyError
            No picture has this id.
        """
        turn = None if self.current is None else self.turns[self.current]
        settings = {} if turn is None else turn.round.settings
        return find_subject(self.fabric, identity, self.pictures[identity], self.prompt, settings)

    def tells_subjects(self, picture: GeneratedImage) -> bool:
        """Return whether the subject of pictures like this one can be told from the background.

        Where it cannot, votes on either are refused. The denoiser runs once, and no picture is
        made.

        Parameters
        ----------
        picture
            Any of the session: it depends on their size.

        Raises
        ------
        FabricError
            The pipeline is busy.
        """
        return tells_subjects(self.fabric, picture)

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
        prompt = before.prompt if prompt is None else prompt
        seed = usable_seed(before.next_seed) if seed is None else seed
        recipes = plan.recipes(checked_of(before.votes), checked_number(num_images), seed)
        lens = self.lens if any(one.liked or one.disliked for one in recipes) else None
        with in_runs(before.loras, self.fabric):
            made = generate_in_batches(
                self.fabric,
                prompt,
                num_images=num_images,
                seed=seed,
                batch_size=batch_size,
                on_step=on_step,
                on_images=on_images,
                recipes=recipes,
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
            ({} if batch_size is None else {"batch_size": batch_size})
            | made_by(self.fabric, pipeline_arguments)
            | made_with(before.loras),
        )
        with self._lock:
            self._pictures.update((image.id, image) for image in turn.round)
        self._act(lambda state: state.with_turn(turn))
        return turn.round

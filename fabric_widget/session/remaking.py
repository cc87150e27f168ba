"""Pictures made once more: drafts in full, finished ones larger, any of them under the lens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.at_pipeline import fact_of_pipeline
from fabric_widget.cluster import DistributedFabric, DistributedHiRes
from fabric_widget.engine import Everything, FabricError, GeneratedImage, HiRes, Lens
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.session.loras import ARGUMENTS, Adapting, in_runs, made_with, uses_of
from fabric_widget.session.state import Turn
from fabric_widget.session.votes import checked_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.engine import Influence, Progress, Recipe, Round
    from fabric_widget.session.maker import PictureMaker
    from fabric_widget.session.votes import Picture, Vote

    OnStep = Callable[[Progress], object]

_WHOLE = Lens()
TWO_PASSES = "two_passes"  # an option of a turn that a HiRes has made, beside ARGUMENTS
STEPS = "num_inference_steps"
"""The pipelines' name for the number of steps."""
DRAFT = 3
"""A draft takes so many times fewer steps; a round of drafts has so many times more pictures."""


class Remaking(Adapting):
    """The acts of a session that make one of its pictures once more."""

    _second: HiRes | DistributedHiRes | None = None  # while it enlarges a picture

    def cancel(self) -> None:
        """End the current run, baking or replay at its next step. Any thread may call this."""
        if (cancelled := self._cancelled) is not None:
            cancelled.set()
        (self._second or self.fabric).cancel()

    def finish(
        self,
        picture: GeneratedImage,
        *,
        on_step: OnStep | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Make a draft in full, as a round of its own.

        The picture has the seed, the start noise, the votes and the schedule of the draft. What was
        said of the draft is then said of the finished picture; undo takes back both.

        Parameters
        ----------
        picture
            Of a round of drafts.
        on_step
            Called after each step.
        **pipeline_arguments
            Instead of those of the draft; without ``num_inference_steps`` the draft's round says
            how many steps a finished picture has.

        Raises
        ------
        FabricError
            The engine's: a vote that cannot be used, a busy pipeline, a cancelled run.
        ValueError
            No round made the picture, or it is no draft and no argument is given.
        """
        index, turn = self.turn_of(picture)
        if turn.full_steps is not None:
            pipeline_arguments.setdefault(STEPS, turn.full_steps)
        if not pipeline_arguments:
            message = (
                "this picture is no draft: give what is to be different, such as "
                "num_inference_steps=50"
            )
            raise ValueError(message)
        arguments = {**picture.settings, **pipeline_arguments}
        made = self._once_more(picture, turn, on_step, **arguments)
        options = made_by(self.fabric, arguments) | made_with(uses_of(turn))
        return self._remade(
            Turn(made, turn.votes, turn.schedule, index, "finished", options=options), picture
        )

    def enlarge(
        self,
        picture: GeneratedImage,
        *,
        scale: float = 2.0,
        strength: float = 0.5,
        on_step: OnStep | None = None,
    ) -> Round:
        """Make a picture larger, as a round of its own, by a second pass with its votes.

        What was said of the picture is then said of the larger one; undo takes back both.

        Parameters
        ----------
        picture
            Of any round.
        scale
            How many times wider and higher, more than 1, up to 4.
        strength
            How much of the denoising the second pass does over, above 0 … 1.
        on_step
            Called after each step.

        Raises
        ------
        FabricError
            diffusers has no image-to-image pipeline for this one, or the session's pictures are
            made in two passes already. Or the engine's: a busy pipeline, a cancelled run.
        TypeError, ValueError
            No round made the picture, or a number is out of range.
        """
        if isinstance(self.fabric, HiRes):
            message = "the pictures of this session are enlarged already: give it a Fabric"
            raise FabricError(message)
        index, turn = self.turn_of(picture)
        self._second = second_pass(self.fabric, scale=scale, strength=strength)
        steps = {} if turn.full_steps is None else {STEPS: turn.full_steps}
        try:
            with in_runs(uses_of(turn), self.fabric):
                made = self._second.enlarge(
                    [replace(picture, settings={**picture.settings, **steps})],
                    plan=[recipe_of(turn, picture)],
                    schedule=turn.schedule,
                    on_step=on_step,
                )
        finally:
            self._second = None
        options = {"scale": scale, "strength": strength} | made_with(uses_of(turn))
        return self._remade(
            Turn(made, turn.votes, turn.schedule, index, "enlarged", options=options), picture
        )

    def look(
        self,
        picture: GeneratedImage,
        *,
        lens: Lens = _WHOLE,
        on_step: OnStep | None = None,
    ) -> Influence | None:
        """Return which votes drew how much of a picture's attention, where and when.

        The picture is made again, alone, with the votes and the schedule of its own round. Nothing
        is added to the session.

        Parameters
        ----------
        picture
            Of any round.
        lens
            What to record; its `image` has no meaning here.
        on_step
            Called after each step.

        Returns
        -------
        Influence or None
            None if the round followed no pictures, or none of them was lent.

        Raises
        ------
        FabricError
            The engine's: a vote that cannot be used, a busy pipeline, a cancelled run. Or the
            picture was made in two passes: enlarged, or by `HiRes`.
        TypeError
            `lens` is not a Lens.
        ValueError
            No round made the picture.
        """
        if not isinstance(lens, Lens):
            message = f"lens is a {type(lens).__name__}: give a Lens"
            raise TypeError(message)
        _, turn = self.turn_of(picture)
        if isinstance(self.fabric, HiRes):
            message = "a picture of two passes cannot be looked into: give the session a Fabric"
            raise FabricError(message)
        if turn.kind == "enlarged":
            message = "an enlarged picture cannot be looked into: look at the one it was made from"
            raise FabricError(message)
        if not turn.guided:
            return None
        seen = {"lens": replace(lens, image=0), **picture.settings}
        return self._once_more(picture, turn, on_step, **seen).influence

    def _once_more(
        self, picture: GeneratedImage, turn: Turn, on_step: OnStep | None, **arguments: Any
    ) -> Round:
        """Make a picture from the seed, the votes and the LoRAs that it was made from."""
        with in_runs(uses_of(turn), self.fabric):
            return self.fabric(
                picture.prompt,
                num_images=1,
                seed=picture.seed,
                plan=[recipe_of(turn, picture)],
                schedule=turn.schedule,
                on_step=on_step,
                **arguments,
            )

    def turn_of(self, picture: GeneratedImage) -> tuple[int, Turn]:
        """Return the newest turn that made a picture, and its index.

        Raises
        ------
        ValueError
            No round made it.
        """
        for index, turn in reversed(list(enumerate(self.turns))):
            if any(image == picture for image in turn.round):
                return index, turn
        message = "no round of this session made this picture: give one of session.rounds"
        raise ValueError(message)

    def maker_of(self, picture: Picture) -> Turn | None:
        """Return the newest turn that made a picture; None for pictures from elsewhere."""
        turns = (turn for turn in reversed(self.turns) if picture in turn.round.images)
        return next(turns, None) if isinstance(picture, GeneratedImage) else None

    def _remade(self, turn: Turn, original: GeneratedImage) -> Round:
        """Add a turn of one picture, which takes over what was said of the original."""
        (made,) = turn.round
        with self._lock:
            self._pictures[made.id] = made
        self._act(
            lambda state: state.with_turn(turn).with_votes(
                [_about(vote, original.id, made) for vote in state.votes]
            )
        )
        return turn.round


def recipe_of(turn: Turn, image: GeneratedImage) -> Recipe:
    """Return what a picture of a turn followed; before there were plans, that was everything."""
    recipes = turn.round.recipes or Everything().recipes(checked_of(turn.votes), len(turn.round), 0)
    return recipes[turn.round.images.index(image)]


def second_pass(fabric: PictureMaker, *, scale: float, strength: float) -> HiRes | DistributedHiRes:
    """Return what enlarges the pictures of a fabric."""
    if isinstance(fabric, DistributedFabric):
        return DistributedHiRes(fabric, scale=scale, strength=strength)
    one_pass: Any = fabric  # if it is none, HiRes says so
    return HiRes(one_pass, scale=scale, strength=strength)


def made_by(fabric: PictureMaker, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a turn that say how to make it again, where its settings do not.

    The settings of a picture of two passes have its final size, not that of the first pass.
    """
    if not isinstance(fabric, HiRes):
        return {}
    passes = {name: getattr(fabric, name) for name in ("scale", "strength", "feedback")}
    return {TWO_PASSES: passes, ARGUMENTS: dict(arguments)}


def full_steps(fabric: PictureMaker, given: object) -> int:
    """Return the steps of a finished picture: those given, or else the pipeline's own.

    Raises
    ------
    ValueError
        It is no whole number from 1, or none is given and the pipeline has none of its own.
    """
    first = fabric.fabric if isinstance(fabric, HiRes) else fabric
    steps = _own_steps(first) if given is None else given
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        message = f"{STEPS} is {steps!r}: give the steps of a finished picture, 1 or more"
        raise ValueError(message)
    return steps


@fact_of_pipeline
def _own_steps(fabric: Any) -> object:  # noqa: ANN401  (a Fabric)
    parameter = parameters_of(fabric.pipe).get(STEPS)
    return fabric.defaults.get(STEPS, None if parameter is None else parameter.default)


def draft_steps(steps: int) -> int:
    """Return the steps of a draft of a picture that takes `steps`."""
    return max(steps // DRAFT, 1)


def _about(vote: Vote, identity: str, made: GeneratedImage) -> Vote:
    """Return a vote, about the picture made anew if it was about that of the given id."""
    return replace(vote, id=made.id, image=made) if vote.id == identity else vote

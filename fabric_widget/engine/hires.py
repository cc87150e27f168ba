"""Two passes to a large picture: text-to-image, then image-to-image on the enlarged result.

Models draw best at the size that they learnt; asked for more they repeat themselves. So the picture
is composed small, enlarged, and drawn over ("hires fix"). Feedback may act in both passes.
"""

from __future__ import annotations

import functools
import math
import operator
import threading
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.engine.errors import FabricError, GenerationCancelled
from fabric_widget.engine.fabric import Fabric
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.latents import size_multiple
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.plans import Everything, Recipe
from fabric_widget.engine.plans.recipe import checked_plan
from fabric_widget.engine.request import planned
from fabric_widget.engine.results import Progress, Round
from fabric_widget.engine.votes.votes import read_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fabric_widget.engine.lens.lens import Lens
    from fabric_widget.engine.plans import Plan
    from fabric_widget.engine.schedule import Schedule

_MAX_SCALE = 4.0
_STEPS = "num_inference_steps"
# Of the first pass alone: the second has its size and its start from the enlarged picture.
_FIRST_ONLY = frozenset({"height", "width", "latents", "output_type"})


class HiRes:
    """A `Fabric` with a second pass at a larger size.

    Called like the `Fabric` that it was made from. The pictures of the second pass are made one
    after the other, for memory grows with the size.

    Parameters
    ----------
    fabric
        Makes the first pass; of any pipeline for which diffusers has image-to-image.
    scale
        How many times wider and higher the second pass is, more than 1, up to 4.
    strength
        How much of the denoising the second pass does over, above 0 … 1: little keeps the
        composition, much draws anew.
    feedback
        Whether likes and dislikes act in the second pass too.
    second
        An image-to-image pipeline, if it is not to be made from the first one's components.

    Raises
    ------
    FabricError
        diffusers has no image-to-image pipeline for these components.
    TypeError, ValueError
        An argument is of the wrong kind or out of range.
    """

    def __init__(
        self,
        fabric: Fabric,
        *,
        scale: float = 2.0,
        strength: float = 0.5,
        feedback: bool = True,
        second: Any = None,  # noqa: ANN401  (any image-to-image pipeline)
    ) -> None:
        if not isinstance(fabric, Fabric):
            message = f"fabric is a {type(fabric).__name__}: give a Fabric"
            raise TypeError(message)
        self.scale = _checked("scale", scale, 1, _MAX_SCALE)
        self.strength = _checked("strength", strength, 0, 1)
        self.feedback = feedback
        self.fabric = fabric
        self._given = second
        self._cancelled = threading.Event()
        self._second = self._prepared()

    def __call__(
        self,
        prompt: str = "",
        *,
        num_images: int = 4,
        seed: int = 0,
        liked: Iterable[Any] = (),
        disliked: Iterable[Any] = (),
        schedule: Schedule | None = None,
        plan: Plan | Sequence[Recipe] | None = None,
        lens: Lens | None = None,
        on_step: Callable[[Progress], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate one round of large pictures.

        Parameters, errors and warnings are those of `Fabric`; the pipeline's arguments go to both
        passes. A lens sees the first pass, which composes all pictures and always has the feedback.

        Returns
        -------
        Round
            The pictures of the second pass; its output is a tuple of what the pipeline returned.
        """
        self._cancelled.clear()
        self._check_taken(pipeline_arguments)
        liked, disliked = list(liked), list(disliked)
        tally = _Tally(on_step)
        first = self.fabric(
            prompt,
            num_images=num_images,
            seed=seed,
            liked=liked,
            disliked=disliked,
            schedule=schedule,
            plan=plan,
            lens=lens,
            on_step=tally.step_callback(
                lambda steps: num_images * max(int(steps * self.strength), 1)
            ),
            **{**pipeline_arguments, "output_type": "pil"},
        )
        # The second pass starts from the picture itself, so recipes need no start noise there.
        followed = [replace(recipe, start=None) for recipe in first.recipes]
        made = self._enlarged(
            first, followed, schedule, tally, pipeline_arguments.get("output_type", "pil")
        )
        return made.seen(first.influence)

    def enlarge(
        self,
        images: Sequence[GeneratedImage],
        *,
        liked: Iterable[Any] = (),
        disliked: Iterable[Any] = (),
        schedule: Schedule | None = None,
        plan: Plan | Sequence[Recipe] | None = None,
        on_step: Callable[[Progress], object] | None = None,
    ) -> Round:
        """Run the second pass alone, with the prompt, seed and settings of each picture.

        Parameters
        ----------
        images
            Generated images, at least one: a round, or the best of it.
        liked, disliked, schedule, on_step
            As for `Fabric`.
        plan
            Or a recipe for each picture; by default every picture follows all votes.
        """
        self._cancelled.clear()
        listed: list[Any] = list(images)
        strange = [type(i).__name__ for i in listed if not isinstance(i, GeneratedImage)]
        if strange or not listed:
            given = f"a {strange[0]}" if strange else "nothing"
            message = f"images holds {given}: give images that a Fabric made, as made[:2]"
            raise TypeError(message)
        for image in listed:
            self._check_taken(image.settings)
        votes = read_votes(liked, disliked)
        recipes = planned(
            checked_plan(plan) or Everything(),
            votes,
            len(listed),
            0,
            silent=False,
            aspects=self.fabric.aspects,
        )
        followed = [replace(recipe, start=None) for recipe in recipes]
        return self._enlarged(listed, followed, schedule, _Tally(on_step))

    @property
    def plan(self) -> Plan:
        """Which picture of a round follows what: the first pass's."""
        return self.fabric.plan

    def cancel(self) -> None:
        """End the current run, if any, at its next step. Any thread may call this."""
        self._cancelled.set()
        self.fabric.cancel()
        self._second.cancel()

    def _prepared(self) -> Fabric:
        """Return the second pass: an image-to-image pipeline of the first one's components."""
        if self._given is not None:
            return Fabric(self._given, schedule=self.fabric.schedule)
        # It imports every pipeline that diffusers has: a tenth of what importing the engine takes.
        from diffusers import AutoPipelineForImage2Image

        pipe = self.fabric.pipe
        try:
            second = AutoPipelineForImage2Image.from_pipe(pipe)
        except ValueError as error:
            message = (
                f"diffusers knows no image-to-image pipeline for {type(pipe).__name__}: give "
                "HiRes one as second"
            )
            raise FabricError(message) from error
        second.set_progress_bar_config(**getattr(pipe, "_progress_bar_config", {}))
        # A picture's settings have the first pipeline's recommendations already.
        second.register_to_config(_fabric_defaults=None)
        return Fabric(second, schedule=self.fabric.schedule)

    def _renew(self) -> None:
        """Rebuild the second pass after a component, such as the scheduler, was replaced."""
        own = self._second.pipe.components
        theirs = self.fabric.pipe.components
        exchanged = any(own[name] is not part for name, part in theirs.items() if name in own)
        if self._given is None and exchanged:
            self._second = self._prepared()

    def _check_taken(self, arguments: Mapping[str, Any]) -> None:
        """Refuse arguments of the second pass before the first one runs."""
        pipe = self._second.pipe
        parameters = parameters_of(pipe)
        for ours in ("image", "strength"):
            if ours in arguments:
                message = (
                    f"{ours} cannot be given to a call of HiRes: the second pass has its image "
                    "from the first, and its strength from HiRes(fabric, strength=...)"
                )
                raise TypeError(message)
        unknown = set(arguments) - set(parameters) - _FIRST_ONLY
        if unknown and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            message = (
                f"{type(pipe).__name__}, which makes the second pass, does not take "
                f"{', '.join(sorted(unknown))}: leave it out, or make the two passes yourself"
            )
            raise TypeError(message)

    def _enlarged(
        self,
        images: Iterable[GeneratedImage],
        followed: Sequence[Recipe],
        schedule: Schedule | None,
        tally: _Tally,
        output_type: str = "pil",
    ) -> Round:
        self._renew()
        listed = list(images)
        made: list[GeneratedImage] = []
        outputs: list[Any] = []
        for i, image in enumerate(listed):
            if self._cancelled.is_set():
                message = f"cancelled after {i} of {len(listed)} enlarged pictures"
                raise GenerationCancelled(message)
            step_callback = tally.step_callback(
                functools.partial(operator.mul, len(listed) - i - 1), first=i
            )
            arguments = {**self._arguments(image), "output_type": output_type}
            larger = self._second(
                image.prompt,
                num_images=1,
                seed=image.seed,
                on_step=step_callback,
                plan=[followed[i] if self.feedback else Recipe()],
                schedule=schedule,
                **arguments,
            )
            settings = {**image.settings, **_size(arguments["image"])}
            made.append(replace(larger[0], settings=settings))
            outputs.append(larger.output)
        first = made[0]
        return Round(
            tuple(made),
            first.prompt,
            first.seed,
            first.settings,
            tuple(outputs),
            recipes=tuple(followed),
        )

    def _arguments(self, image: GeneratedImage) -> dict[str, Any]:
        """Return the second pipeline's arguments for one picture."""
        pipe = self._second.pipe
        unit = size_multiple(pipe, Denoiser(pipe).model)
        width, height = (round(side * self.scale / unit) * unit for side in image.image.size)
        enlarged = image.image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        common = {k: v for k, v in image.settings.items() if k not in _FIRST_ONLY}
        if _STEPS in common:  # the second pass does a part of them, and at least one
            common[_STEPS] = max(common[_STEPS], math.ceil(1 / self.strength))
        parameters = parameters_of(pipe)
        sized = _size(enlarged) if "height" in parameters else {}
        return {**common, **sized, "image": enlarged, "strength": self.strength}


@dataclass
class _Tally:
    """Counts the steps of several runs as those of one."""

    on_step: Callable[[Progress], object] | None
    before: int = 0
    steps: int = 0

    def step_callback(
        self, after: Callable[[int], int], first: int = 0
    ) -> Callable[[Progress], object] | None:
        """Return a step callback for the next run; `after` estimates the steps that follow it."""
        self.before += self.steps
        self.steps = 0
        on_step, before = self.on_step, self.before
        if on_step is None:
            return None

        def heard(progress: Progress) -> None:
            self.steps = progress.steps
            total = before + progress.steps + after(progress.steps)
            on_step(replace(progress, step=before + progress.step, steps=total, first=first))

        return heard


def _size(picture: Image.Image) -> dict[str, int]:
    return {"height": picture.height, "width": picture.width}


def _checked(name: str, value: object, above: float, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        message = f"{name} is {value!r}: give a number"
        raise TypeError(message)
    if not above < float(value) <= limit:  # NaN fails too
        message = f"{name} is {value!r}: give a number above {above:g}, up to {limit:g}"
        raise ValueError(message)
    return float(value)

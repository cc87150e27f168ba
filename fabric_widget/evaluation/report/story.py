"""A story: rounds with a simulated person's feedback, beside the same seeds without any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.evaluation.people.simulated_user import Verdict, judge
from fabric_widget.evaluation.scorers.round_statistics import contrast, diversity, saturation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image

    from fabric_widget.demo.reader import Reader
    from fabric_widget.engine import Fabric, Progress, Round
    from fabric_widget.evaluation.people.tastes import Taste
    from fabric_widget.evaluation.report.story_plan import Plan


@dataclass(frozen=True)
class Grid:
    """The pictures of one round and what was measured on them.

    Parameters
    ----------
    images, seeds, distances
        Of each picture: its pixels, its seed, its distance to the taste (0 … 1).
    verdict
        The votes; none where the person was not asked.
    diversity, saturation, contrast
        See `fabric_widget.evaluation.scorers.round_statistics`.
    """

    images: tuple[Image.Image, ...]
    seeds: tuple[int, ...]
    distances: tuple[float, ...]
    verdict: Verdict
    diversity: float
    saturation: float
    contrast: float

    @property
    def mean(self) -> float:
        """Mean distance to the taste."""
        return sum(self.distances) / len(self.distances)

    @property
    def best(self) -> float:
        """Distance of the nearest picture."""
        return min(self.distances)


@dataclass(frozen=True)
class Chapter:
    """One round, from 1, with the feedback of all rounds before it and without any."""

    round: int
    with_feedback: Grid
    without_feedback: Grid


@dataclass(frozen=True)
class Story:
    """A plan and its finished chapters."""

    plan: Plan
    chapters: tuple[Chapter, ...]

    @property
    def complete(self) -> bool:
        """Whether every planned round was made."""
        return len(self.chapters) == self.plan.rounds

    @property
    def nearer(self) -> float:
        """How much nearer to the taste feedback came in the last round, as a share.

        0.35: the mean distance is 35 % smaller than that of the same seeds without feedback.
        """
        last = self.chapters[-1]
        return 1 - last.with_feedback.mean / max(last.without_feedback.mean, 1e-9)


@dataclass(frozen=True)
class StoryProgress:
    """Progress of a story, reported after each denoising step.

    Parameters
    ----------
    round, feedback
        The grid being made.
    grids_done, grids
        How many grids are finished, and how many there will be.
    progress
        Progress of the grid being made, from the engine.
    """

    round: int
    feedback: bool
    grids_done: int
    grids: int
    progress: Progress


def run_story(
    fabric: Fabric,
    reader: Reader,
    plan: Plan,
    on_step: Callable[[StoryProgress], object] | None = None,
) -> Iterator[Chapter]:
    """Make the rounds of a story, one chapter at a time.

    Finished chapters are kept when the caller stops or is interrupted.

    Parameters
    ----------
    fabric
        Makes the pictures.
    reader
        Reads the attributes of the pictures.
    plan
        Taste, prompt and numbers.
    on_step
        Called after each step of each grid.
    """
    from fabric_widget.session import Session  # imports torch and diffusers, which takes seconds

    session = Session(fabric, seed=plan.seed, schedule=plan.schedule)

    def callback_for(number: int, *, feedback: bool) -> Callable[[Progress], object] | None:
        if on_step is None:
            return None
        done = 2 * (number - 1) - (feedback and number > 1)
        return lambda progress: on_step(StoryProgress(number, feedback, done, plan.grids, progress))

    for number in range(1, plan.rounds + 1):
        made = session.generate(
            plan.prompt,
            num_images=plan.images,
            on_step=callback_for(number, feedback=True),
            **plan.arguments,
        )
        shown = _measure(made, reader, plan.taste, voting=True)
        if number == 1:
            plain = made
        else:
            plain = fabric(
                plan.prompt,
                num_images=plan.images,
                seed=made.seed,
                on_step=callback_for(number, feedback=False),
                **plan.arguments,
            )
        yield Chapter(number, shown, _measure(plain, reader, plan.taste, voting=False))
        if shown.verdict.liked is not None:
            session.like(made[shown.verdict.liked])
        if shown.verdict.disliked is not None:
            session.dislike(made[shown.verdict.disliked])


def _measure(made: Round, reader: Reader, taste: Taste, *, voting: bool) -> Grid:
    images = tuple(generated.image for generated in made)
    readings = reader.read(list(images))
    distances = tuple(taste.distance(reading) for reading in readings)
    return Grid(
        images=images,
        seeds=tuple(generated.seed for generated in made),
        distances=distances,
        verdict=judge(distances) if voting else Verdict(),
        diversity=diversity(readings),
        saturation=saturation(images),
        contrast=contrast(images),
    )

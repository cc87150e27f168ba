"""Lessons: what the denoiser predicts while pictures are lent to it.

A lesson is one call that the pipeline made, and what came of it. So the noise levels, the
conditioning and what is predicted (noise, velocity, flow) are the pipeline's own, and whatever
votes can say (strengths, aspects, parts, dislikes) is in the lesson. Each picture follows one like,
in turn, and starts from noise of its own: what is learnt goes from different noise to different
pictures, and not to the mean of all likes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import Explore, FabricError, Recipe
from fabric_widget.engine.fingerprint import derived_seed
from fabric_widget.engine.run import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fabric_widget.engine import Fabric, Progress, Schedule
    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.votes.votes import Votes
    from fabric_widget.lora.settings import LoRASettings

_LESSON = 5  # part of the seeds of pictures that are made for lessons


@dataclass(frozen=True, eq=False)
class Lesson:
    """One call of a denoiser and what it returned while pictures were lent to it.

    Parameters
    ----------
    arguments
        Of the call, by name.
    target
        (rows, …).
    run
        Number of the run of the pipeline that it is from.
    """

    arguments: Mapping[str, Any]
    target: torch.Tensor
    run: int


@dataclass(frozen=True)
class OneEach:
    """A plan for lessons: each picture follows one like, in turn, from start noise of its own.

    The mean of all likes would teach one picture. Start noise that is partly that of a like would
    be a shortcut: without any reference to learn from, what starts like a picture becomes like it.
    Votes about an aspect or a part are followed as they were said.
    """

    def recipes(self, votes: Votes, num_images: int, seed: int) -> tuple[Recipe, ...]:
        """Return a recipe for each picture."""
        newest = sorted(votes.liked, key=lambda vote: -vote.place)
        whole = [Recipe((vote,), votes.disliked) for vote in newest if vote.plain]
        said = replace(votes, liked=tuple(vote for vote in newest if not vote.plain))
        follow: list[Recipe] = []
        for i in range(num_images):
            if said.liked and not (whole and i % 2):
                follow += Explore().recipes(said, 1, seed + i)
            elif whole:
                follow.append(whole[(seed + i) % len(whole)])
            else:
                follow.append(Recipe((), votes.disliked))
        return tuple(replace(recipe, start=None) for recipe in follow)


@dataclass(frozen=True)
class Teacher:
    """What lessons are made by.

    Parameters
    ----------
    fabric
        Makes the pictures.
    votes
        What they follow.
    schedule
        How strongly they count; by default the fabric's own.
    arguments
        The pipeline's own.
    """

    fabric: Fabric
    votes: Votes
    schedule: Schedule | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def lessons(
    teacher: Teacher,
    prompt: str,
    settings: LoRASettings,
    on_step: Callable[[Progress], object],
) -> list[Lesson]:
    """Make pictures that follow the votes, and return what the denoiser predicted on the way.

    Raises
    ------
    FabricError
        The engine's; or the pipeline does not let its predictions be seen.
    """
    found: list[Lesson] = []
    fabric = teacher.fabric
    for run, (first, count) in enumerate(runs_of(settings)):
        seed = (derived_seed(settings.seed, _LESSON) + first) % 2**31
        with _recorded(found, run):
            fabric(
                prompt,
                num_images=count,
                seed=seed,
                schedule=teacher.schedule,
                plan=OneEach().recipes(teacher.votes, count, seed),
                on_step=on_step,
                **teacher.arguments,
            )
    if not found:
        message = f"{type(fabric.pipe).__name__} made pictures without asking its denoiser"
        raise FabricError(message)
    return found


def runs_of(settings: LoRASettings) -> list[tuple[int, int]]:
    """Return the number of the first picture of each run, and how many it makes."""
    size = settings.batch_size
    starts = range(0, settings.pictures, size)
    return [(first, min(size, settings.pictures - first)) for first in starts]


@contextmanager
def _recorded(found: list[Lesson], run: int) -> Iterator[None]:
    def note(call: Call, output: Any) -> None:  # noqa: ANN401  (any denoiser's)
        given = dict(call.arguments)
        given[call.latents_name] = _kept(given[call.latents_name])  # solvers may work in place
        found.append(Lesson(given, prediction(output).detach().clone(), run))

    with telling(note):
        yield


def prediction(output: Any) -> torch.Tensor:  # noqa: ANN401  (any denoiser's)
    """Return what a denoiser predicts, (rows, …): of a tuple or an output, the first entry."""
    first = output if isinstance(output, torch.Tensor) else output[0]
    return first if isinstance(first, torch.Tensor) else torch.stack(list(first))


def _kept(latents: Any) -> Any:  # noqa: ANN401  (a tensor or a list of them)
    if isinstance(latents, torch.Tensor):
        return latents.detach().clone()
    return [row.detach().clone() for row in latents]

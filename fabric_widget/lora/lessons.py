"""Lessons: what the denoiser predicts while pictures are lent to it.

A lesson is one call that the pipeline made, and what came of it. So the noise levels, the
conditioning and what is predicted (noise, velocity, flow) are the pipeline's own, and whatever
votes can say (strengths, aspects, parts, dislikes) is in the lesson. Each picture follows one or
two likes, whichever its plan chose for it, and starts from noise of its own: what is learnt goes
from different noise to different pictures, and not to the mean of all likes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import FabricError
from fabric_widget.engine.fingerprint import derived_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fabric_widget.engine import Fabric, Plan, Progress, Recipe, Schedule
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
class OwnNoise:
    """A plan that has its pictures start from their own noise alone.

    Noise that is partly that of a liked picture would be a shortcut: without any reference to
    learn from, a picture that starts like another one becomes like it.
    """

    plan: Plan

    def recipes(self, votes: Votes, num_images: int, seed: int) -> tuple[Recipe, ...]:
        """Return a recipe for each picture."""
        return tuple(
            replace(recipe, start=None) for recipe in self.plan.recipes(votes, num_images, seed)
        )


@dataclass(frozen=True)
class Teacher:
    """What lessons are made by.

    Parameters
    ----------
    fabric
        Makes the pictures.
    votes
        What they follow.
    plan, schedule
        Which picture follows what, and how strongly; by default the fabric's own.
    arguments
        The pipeline's own.
    """

    fabric: Fabric
    votes: Votes
    plan: Plan | None = None
    schedule: Schedule | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def lessons(
    teacher: Teacher,
    prompts: Sequence[str],
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
    fabric, own = teacher.fabric, OwnNoise(teacher.plan or teacher.fabric.plan)
    for run, (prompt, first, count) in enumerate(runs_of(prompts, settings)):
        seed = derived_seed(settings.seed, _LESSON, run) % 2**31
        with _recorded(fabric, found, run):
            fabric(
                prompt,
                num_images=count,
                seed=seed,
                schedule=teacher.schedule,
                plan=own.recipes(teacher.votes, first + count, seed)[first:],
                on_step=on_step,
                **teacher.arguments,
            )
    if not found:
        message = f"{type(fabric.pipe).__name__} made pictures without asking its denoiser"
        raise FabricError(message)
    return found


def runs_of(prompts: Sequence[str], settings: LoRASettings) -> list[tuple[str, int, int]]:
    """Return the prompt of each run, the number of its first picture, and how many it makes."""
    size = settings.batch_size
    return [
        (prompt, first, min(size, settings.pictures - first))
        for prompt in prompts
        for first in range(0, settings.pictures, size)
    ]


@contextmanager
def _recorded(fabric: Fabric, found: list[Lesson], run: int) -> Iterator[None]:
    def note(call: Call, output: Any) -> None:  # noqa: ANN401  (any denoiser's)
        given = dict(call.arguments)
        given[call.latents_name] = _kept(given[call.latents_name])  # solvers may work in place
        found.append(Lesson(given, prediction(output).detach().clone(), run))

    with fabric.watched(note):
        yield


def prediction(output: Any) -> torch.Tensor:  # noqa: ANN401  (any denoiser's)
    """Return what a denoiser predicts, (rows, …): of a tuple or an output, the first entry."""
    first = output if isinstance(output, torch.Tensor) else output[0]
    return first if isinstance(first, torch.Tensor) else torch.stack(list(first))


def _kept(latents: Any) -> Any:  # noqa: ANN401  (a tensor or a list of them)
    if isinstance(latents, torch.Tensor):
        return latents.detach().clone()
    return [row.detach().clone() for row in latents]

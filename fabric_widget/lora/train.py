"""The loop: steps of training, a look at held-out lessons now and then, and progress."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from fabric_widget.engine import GenerationCancelled
from fabric_widget.lora.lessons import prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

    from fabric_widget.lora.adapter import Weights
    from fabric_widget.lora.lessons import Lesson
    from fabric_widget.lora.settings import LoRASettings

_WARM_UP = 5  # steps
_LAST_RATE = 0.1  # of the first one
_LOOKS = 8  # at held-out lessons, over all steps
_LARGEST_GRADIENT = 1.0  # its norm
_HALF_SCALE = 1024.0  # small gradients would be 0 in float16
_BETTER = 1e-3  # by which share a loss has to fall to count as progress


@dataclass(frozen=True)
class BakingProgress:
    """Progress of baking, reported after each of its steps.

    Parameters
    ----------
    stage
        "lessons" while pictures are made to learn from, "training" afterwards.
    step, steps
        Number of the step just finished, from 1, and of all steps of both stages.
    loss
        Of the step, and of held-out lessons at the last look; not a number where there is none.
    """

    stage: str
    step: int
    steps: int
    loss: float = math.nan
    held_out_loss: float = math.nan
    _previews: Callable[[], list[Image.Image]] = field(default=list, repr=False, compare=False)

    def previews(self) -> list[Image.Image]:
        """Return one picture for each prompt of the previews, made with what is learnt by now.

        To be called while the step is reported, or not at all: it takes as long as pictures do.
        Empty while pictures are made to learn from.
        """
        return self._previews()


@dataclass(frozen=True)
class Trained:
    """What came of training.

    Parameters
    ----------
    weights
        Those of the best look at held-out lessons, or the last ones.
    losses
        Of each step.
    held_out
        (step, loss) of each look.
    """

    weights: Weights
    losses: tuple[float, ...]
    held_out: tuple[tuple[int, float], ...]


def train(
    model: torch.nn.Module,
    weights: Weights,
    taught: Sequence[Lesson],
    held_out: Sequence[Lesson],
    settings: LoRASettings,
    *,
    on_step: Callable[[int, float, float], object],
    cancelled: Callable[[], bool],
    enough: Callable[[], bool],
) -> Trained:
    """Train the weights, which stand beside the model's layers already.

    Parameters
    ----------
    model
        The denoiser; nothing of it learns.
    weights
        They are changed.
    taught, held_out
        Lessons to learn from, and to look at now and then; there may be none of the latter.
    settings
        Steps, rate, patience.
    on_step
        Called with the number of a step, from 1, its loss and that of the last look.
    cancelled
        Asked before each step.
    enough
        Asked after each step whether what is learnt by then is all that is wanted.

    Raises
    ------
    GenerationCancelled
        It was cancelled.
    """
    parameters = [x for pair in weights.values() for x in pair]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate)
    order = _order(len(taught), settings)
    losses: list[float] = []
    looks: list[tuple[int, float]] = []
    best = (math.inf, _copied(weights))
    every = max(settings.steps // _LOOKS, 1)
    for step in range(settings.steps):
        if cancelled():
            message = f"cancelled after {step} steps of training"
            raise GenerationCancelled(message)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _rate(step, settings.steps)
        losses.append(_learn(model, taught[order[step]], parameters, optimizer))
        if held_out and settings.patience and (step + 1) % every == 0:
            looks.append((step + 1, _looked(model, held_out)))
            if looks[-1][1] < best[0] * (1 - _BETTER):
                best = (looks[-1][1], _copied(weights))
        on_step(step + 1, losses[-1], looks[-1][1] if looks else math.nan)
        if _stuck(looks, settings.patience) or enough():
            break
    found = best[1] if looks else _copied(weights)
    return Trained(found, tuple(losses), tuple(looks))


def _learn(
    model: torch.nn.Module,
    lesson: Lesson,
    parameters: Sequence[torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> float:
    with torch.enable_grad():
        loss = _loss(model, lesson)
        scale = _HALF_SCALE if lesson.target.dtype is torch.float16 else 1.0
        gradients: Sequence[torch.Tensor | None] = torch.autograd.grad(
            loss * scale, parameters, allow_unused=True
        )
    for parameter, gradient in zip(parameters, gradients, strict=True):
        # A layer whose output the model leaves out of its prediction learns nothing.
        parameter.grad = None if gradient is None else gradient / scale
    norm = torch.nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
    if torch.isfinite(norm):
        optimizer.step()
    return float(loss.detach())


def _looked(model: torch.nn.Module, lessons: Sequence[Lesson]) -> float:
    with torch.no_grad():
        return sum(float(_loss(model, lesson)) for lesson in lessons) / len(lessons)


def _loss(model: torch.nn.Module, lesson: Lesson) -> torch.Tensor:
    predicted = prediction(model(**lesson.arguments))
    return (predicted.float() - lesson.target.float()).square().mean()


def _order(count: int, settings: LoRASettings) -> list[int]:
    """Return which lesson each step learns from: all of them before one comes again."""
    rng = random.Random(settings.seed)
    order: list[int] = []
    while len(order) < settings.steps:
        order += rng.sample(range(count), count)
    return order


def _rate(step: int, steps: int) -> float:
    rising = min(1.0, (step + 1) / _WARM_UP)
    return rising * (1 - (1 - _LAST_RATE) * step / steps)


def _stuck(looks: Sequence[tuple[int, float]], patience: int) -> bool:
    """Return whether the last looks were no better than those before."""
    if not patience or len(looks) <= patience:
        return False
    before = min(loss for _, loss in looks[:-patience])
    return min(loss for _, loss in looks[-patience:]) >= before * (1 - _BETTER)


def _copied(weights: Weights) -> Weights:
    return {
        name: (down.detach().float().cpu().clone(), up.detach().float().cpu().clone())
        for name, (down, up) in weights.items()
    }

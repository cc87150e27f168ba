"""From votes to a LoRA: lessons, training, samples; the pipeline is left as it was."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import FabricError, GeneratedImage, GenerationCancelled
from fabric_widget.engine.fingerprint import derived_seed
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.restore import random_kept
from fabric_widget.lora.adapter import added, frozen, new_weights
from fabric_widget.lora.errors import NotEnoughVotes
from fabric_widget.lora.files import check_name
from fabric_widget.lora.lessons import lessons, runs_of
from fabric_widget.lora.samples import Samples, sample_pictures
from fabric_widget.lora.settings import LoRASettings
from fabric_widget.lora.taste_lora import TasteLoRA
from fabric_widget.lora.train import BakingProgress, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

    from fabric_widget.engine import Progress
    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.votes.votes import CheckedVote, Votes
    from fabric_widget.lora.adapter import Weights
    from fabric_widget.lora.lessons import Lesson, Teacher
    from fabric_widget.lora.train import Trained

    OnStep = Callable[[BakingProgress], object]

LEAST_LIKES = 2
"""Liked pictures that a taste can be learnt from: with one, it would be that picture."""
_ENOUGH_RUNS = 4  # to hold one of them out
_SAMPLES = 6  # part of the seed of samples


def _never() -> bool:
    return False


def _nothing(progress: BakingProgress) -> None:
    del progress


def bake(
    teacher: Teacher,
    prompt: str,
    *,
    name: str,
    settings: LoRASettings | None = None,
    prompts: Sequence[str] = (),
    on_step: OnStep = _nothing,
    cancelled: Callable[[], bool] = _never,
    enough: Callable[[], bool] = _never,
) -> TasteLoRA:
    """Return a LoRA that learnt what the votes say.

    Parameters
    ----------
    teacher
        What makes the pictures that are learnt from, and the votes that they follow.
    prompt
        Of the pictures that are learnt from.
    name
        Of the LoRA, and of its file.
    settings
        How it learns.
    prompts
        Of the previews and samples; by default `prompt` alone.
    on_step
        Called after each step, in this thread.
    cancelled
        Asked at each step whether nobody wants it any more.
    enough
        Asked after each step of training whether what is learnt by then is all that is wanted.

    Raises
    ------
    NotEnoughVotes
        Fewer than two pictures are liked.
    GenerationCancelled
        It was cancelled. Nothing is left of it.
    FabricError
        The engine's; or the pipeline cannot learn.
    ValueError
        The name cannot be that of a file.
    """
    check_name(name)
    settings = settings or LoRASettings()
    check_votes(teacher.votes)
    votes, pipe = teacher.votes, teacher.fabric.pipe
    started = time.monotonic()
    work = _Work(teacher, settings, prompt, tuple(prompts) or (prompt,), on_step, cancelled, enough)
    taught = work.lessons()
    trained, samples = work.train(taught)
    losses = trained.losses
    about = {
        "base_model": _base_model(pipe),
        "pipeline": type(pipe).__name__,
        "prompt": prompt,
        "votes": [_said(vote, sign) for sign, side in _sides(votes) for vote in side],
        "steps": len(losses),
        "settings": asdict(settings),
        "losses": {"first": losses[0], "last": losses[-1], "held_out": list(trained.held_out)},
        "seconds": round(time.monotonic() - started, 1),
    }
    return TasteLoRA(name, trained.weights, work.denoiser.component, about, samples=samples)


def check_votes(votes: Votes) -> None:
    """Raise `NotEnoughVotes` unless two pictures are liked."""
    liked = {vote.id for vote in votes.liked}
    if len(liked) < LEAST_LIKES:
        there = "one picture is liked" if liked else "no picture is liked"
        message = (
            f"{there}, and a taste is learnt from {LEAST_LIKES} or more: like another one, then "
            "bake again"
        )
        raise NotEnoughVotes(message)


class _Work:
    """One baking: what it is made of, and where it is."""

    def __init__(
        self,
        teacher: Teacher,
        settings: LoRASettings,
        prompt: str,
        samples: Sequence[str],
        on_step: OnStep,
        cancelled: Callable[[], bool],
        enough: Callable[[], bool],
    ) -> None:
        self.denoiser = Denoiser(teacher.fabric.pipe)
        self._teacher = teacher
        self._settings = settings
        self._prompt = prompt
        self._samples = tuple(samples)
        self._on_step = on_step
        self._cancelled = cancelled
        self._enough = enough
        self._done = 0  # steps of the pipeline, for the lessons

    def lessons(self) -> list[Lesson]:
        """Return what is to be learnt, from runs of the pipeline that follow the votes."""
        runs = runs_of(self._settings)

        def stepped(progress: Progress) -> None:
            self._done += 1
            total = len(runs) * progress.steps + self._settings.steps
            self._on_step(BakingProgress("lessons", min(self._done, total), total))
            if self._cancelled():
                self._teacher.fabric.cancel()

        if self._cancelled():
            message = "cancelled before anything was learnt"
            raise GenerationCancelled(message)
        return lessons(self._teacher, self._prompt, self._settings, stepped)

    def train(self, taught: Sequence[Lesson]) -> tuple[Trained, Samples]:
        """Return what came of training, and samples without and with it."""
        settings, denoiser, model = self._settings, self.denoiser, self.denoiser.model
        learnt, held_out = _split(taught)
        total = self._done + settings.steps

        def stepped(step: int, loss: float, held_out_loss: float) -> None:
            progress = BakingProgress(
                "training",
                self._done + step,
                total,
                loss,
                held_out_loss,
                self._pictures,
            )
            self._on_step(progress)

        checkpointing = settings.checkpointing
        if checkpointing is None:
            checkpointing = denoiser.device.type != "cpu" and bool(
                getattr(model, "_supports_gradient_checkpointing", False)
            )
        with (
            denoiser.occupied(),
            denoiser.eager(),
            random_kept(denoiser.device),
            _offloaded(denoiser.pipe),
        ):
            without = self._pictures()
            with torch.inference_mode(mode=False):
                weights = new_weights(model, settings, denoiser.device)
                with added(model, weights), frozen(model, checkpointing=checkpointing):
                    trained = train(
                        model,
                        weights,
                        learnt,
                        held_out,
                        settings,
                        on_step=stepped,
                        cancelled=self._cancelled,
                        enough=self._enough,
                    )
            if not all(bool(x.isfinite().all()) for pair in trained.weights.values() for x in pair):
                message = (
                    "training diverged: its weights are no longer finite numbers; give a smaller "
                    f"learning_rate than {settings.learning_rate:g}"
                )
                raise FabricError(message)
            trained = replace(trained, weights=_emphasized(trained.weights, settings.emphasis))
            with added(model, trained.weights):
                with_it = self._pictures()
        samples = Samples(self._samples[: len(with_it)], tuple(without), tuple(with_it))
        return trained, samples

    def _pictures(self) -> list[Image.Image]:
        seed = derived_seed(self._settings.seed, _SAMPLES) % 2**31
        teacher = self._teacher
        arguments = {**teacher.fabric.defaults, **teacher.arguments}
        return sample_pictures(self.denoiser, self._samples, seed, arguments)


@contextmanager
def _offloaded(pipe: Pipeline) -> Iterator[None]:
    """Send models that are moved to the accelerator on demand away from it in the end."""
    try:
        yield
    finally:
        pipe.maybe_free_model_hooks()


def _emphasized(weights: Weights, factor: float) -> Weights:
    return {name: (down, up * factor) for name, (down, up) in weights.items()}


def _base_model(pipe: Any) -> str:  # noqa: ANN401  (any diffusers pipeline)
    """Return where a pipeline is from; of a folder, its name alone."""
    name = str(pipe.config.get("_name_or_path") or "")
    return Path(name).name if Path(name).is_dir() else name


def _split(taught: Sequence[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """Return lessons to learn from, and held-out ones: those of the last of several runs."""
    runs = sorted({lesson.run for lesson in taught})
    if len(runs) < _ENOUGH_RUNS:
        return list(taught), []
    held = runs[-1]
    rest = [lesson for lesson in taught if lesson.run != held]
    last = [lesson for lesson in taught if lesson.run == held]
    return rest, last[:: max(len(last) // 4, 1)]


def _sides(votes: Votes) -> tuple[tuple[int, Sequence[CheckedVote]], ...]:
    return ((1, votes.liked), (-1, votes.disliked))


def _said(vote: CheckedVote, sign: int) -> dict[str, Any]:
    content = vote.content
    made = {"seed": content.seed} if isinstance(content, GeneratedImage) else {}
    part = {} if vote.part is None else {"part": vote.part.name}
    return {"id": vote.id, "strength": sign * vote.strength, "aspect": vote.aspect, **part, **made}

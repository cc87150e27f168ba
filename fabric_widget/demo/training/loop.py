"""One training loop for every stage: resumable, logged, with a progress bar.

A step's randomness is seeded by (seed, step), so a resumed run draws what an undisturbed one would
have drawn and no generator's state needs saving.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING, TypeVar

import torch
from diffusers.models.attention import FeedForward
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D
from torch import nn
from tqdm.auto import tqdm

from .muon import Muon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from .recipe import Stage

    Loss = Callable[[int, torch.Generator], tuple[torch.Tensor, Mapping[str, float]]]

T = TypeVar("T")

_SAVE_EVERY_SECONDS = 120.0
_LOG_EVERY_STEPS = 50
_SEED_STRIDE = 1_000_003
_MIN_RATE = 0.01


def step_seed(seed: int, step: int) -> int:
    """Return the seed of everything random in one step."""
    return seed * _SEED_STRIDE + step


def progress(items: Iterable[T], name: str, **options: int) -> tqdm[T]:
    """Return a progress bar, quiet enough for a log file where there is no terminal."""
    return tqdm(items, desc=name, mininterval=0.2 if sys.stderr.isatty() else 30, **options)


def learning_rate(stage: Stage, step: int) -> float:
    """Return the learning rate of `step` (from 0): warm-up, plateau, half cosine."""
    warm = min(1.0, (step + 1) / stage.warmup)
    late = max(0.0, (step / stage.steps - stage.decay_from) / (1 - stage.decay_from))
    fall = _MIN_RATE + (1 - _MIN_RATE) * (0.5 + 0.5 * math.cos(math.pi * late))
    return stage.learning_rate * warm * fall


def train(
    name: str, stage: Stage, network: nn.Module, loss: Loss, folder: Path, *, seed: int
) -> None:
    """Train `network` in place, resuming from `folder/<name>.pt` where that exists.

    Parameters
    ----------
    name
        Names the checkpoint and the log (`<name>.jsonl`).
    stage
        Steps, learning rate and averaging. Where `stage.average` is set, the network holds the
        running average of its weights afterwards.
    network
        All of its parameters are learnt.
    loss
        Called with the step and a CPU generator seeded for that step; returns the loss to follow
        and figures to log.
    folder
        Where checkpoint and log go.
    seed
        Part of every step's seed.
    """
    learner = _Learner(name, stage, network, folder)
    network.train()
    bar = progress(range(learner.step, stage.steps), name, initial=learner.step, total=stage.steps)
    for step in bar:
        generator = torch.Generator().manual_seed(step_seed(seed, step))
        value, figures = loss(step, generator)
        learner.follow(value)
        last = step == stage.steps - 1
        if last or step % _LOG_EVERY_STEPS == 0:
            bar.set_postfix(learner.log(value, figures), refresh=False)
        if last or learner.unsaved_seconds > _SAVE_EVERY_SECONDS:
            learner.save()
    learner.apply_average()
    network.eval()


class _Learner:
    """A network with its optimizers, the average of its weights, a checkpoint and a log."""

    def __init__(self, name: str, stage: Stage, network: nn.Module, folder: Path) -> None:
        self._stage = stage
        self._network = network
        self._parameters = list(network.parameters())
        self._optimizers = _optimizers(network, stage)
        self._average = [p.detach().clone() for p in self._parameters] if stage.average else []
        self._checkpoint = folder / f"{name}.pt"
        self._log = folder / f"{name}.jsonl"
        self.step = 0
        spent = 0.0
        if self._checkpoint.exists():
            state = torch.load(
                self._checkpoint, weights_only=True, map_location=self._parameters[0].device
            )
            network.load_state_dict(state["network"])
            for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            self._average = state["average"]
            self.step, spent = state["step"], state["seconds"]
        self._started = time.monotonic() - spent
        self._saved = time.monotonic()

    @property
    def unsaved_seconds(self) -> float:
        return time.monotonic() - self._saved

    def follow(self, loss: torch.Tensor) -> None:
        """Take one step down the gradient of the loss."""
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        rate = learning_rate(self._stage, self.step)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()
        # A young average follows fast, or the random start would stay in it for long.
        decay = min(self._stage.average, (self.step + 1) / (self.step + 10))
        for mean, parameter in zip(self._average, self._parameters, strict=False):
            mean.lerp_(parameter.detach(), 1 - decay)
        self.step += 1

    def log(self, loss: torch.Tensor, figures: Mapping[str, float]) -> dict[str, float]:
        """Write a line to the log and return its figures."""
        logged = {"loss": loss.item(), **figures}
        seconds = round(time.monotonic() - self._started, 1)
        with self._log.open("a") as file:
            file.write(json.dumps({"step": self.step - 1, **logged, "seconds": seconds}) + "\n")
        return logged

    def save(self) -> None:
        """Write the checkpoint; an interrupted write leaves the previous one."""
        state = {
            "network": self._network.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "average": self._average,
            "step": self.step,
            "seconds": time.monotonic() - self._started,
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._checkpoint)
        self._saved = time.monotonic()

    def apply_average(self) -> None:
        """Set the network to the running average of its weights, if there is one."""
        for parameter, mean in zip(self._parameters, self._average, strict=False):
            parameter.data.copy_(mean)


def zero_residual_branches(network: nn.Module) -> None:
    """Start every residual branch of a diffusers network at zero.

    The network then starts as a linear map, and does not first have to unlearn random branches.
    """
    for module in network.modules():
        if isinstance(module, ResnetBlock2D):
            last = module.conv2
        elif isinstance(module, Attention):
            last = module.to_out[0]
        elif isinstance(module, FeedForward):
            last = module.net[-1]
        else:
            continue
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)


def _optimizers(network: nn.Module, stage: Stage) -> list[torch.optim.Optimizer]:
    """Return Muon for matrices and convolutions, AdamW for biases, norms and embeddings."""
    embeddings = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for parameter in network.parameters():
        matrix = parameter.dim() > 1 and id(parameter) not in embeddings
        (matrices if matrix else rest).append(parameter)
    return [
        Muon(matrices, lr=stage.learning_rate, weight_decay=stage.weight_decay),
        torch.optim.AdamW(rest, lr=stage.learning_rate, betas=(0.9, 0.99), weight_decay=0.0),
    ]

"""How each method makes a round, and in which order rounds are timed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.bench.plan import EXPLORE, LENS
from fabric_widget.bench.published import Published
from fabric_widget.engine import Everything, Explore, Fabric, Lens, Schedule, TokenBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.targets import TargetPipeline
    from fabric_widget.engine import GeneratedImage
    from fabric_widget.engine.references.cache import ReferenceCache

# How the engine can be asked to work: keyword arguments of `Fabric`, by the mode's name.
MODES: dict[str, dict[str, Any]] = {
    "exact": {"plan": Everything(), "token_budget": TokenBudget.exact()},
    "budget": {"plan": Everything(), "token_budget": TokenBudget()},
}
_ON_REQUEST: dict[str, dict[str, Any]] = {
    EXPLORE: {"plan": Explore()},
    LENS: {"plan": Everything()},
}

_PROMPT = "a cat"


@dataclass(frozen=True, order=True)
class Variant:
    """A method, with a mode of the engine where the method uses the engine.

    ``plain`` is the pipeline alone; ``first`` a round whose references are all new; ``later`` the
    next round with the same references; ``published`` the method of the paper's code.
    """

    method: str
    mode: str = ""

    def __str__(self) -> str:
        """Return the name for people."""
        return f"{self.method}, {self.mode}" if self.mode else self.method


PLAIN = Variant("plain")
PUBLISHED = Variant("published")
Block = tuple[Variant, ...]  # rounds that depend on each other, in order


def schedule_of(plan: Plan) -> Schedule:
    """Return the schedule of all methods."""
    return Schedule() if plan.usual else Schedule(end=1.0)


def blocks(plan: Plan) -> list[Block]:
    """Return the blocks of one repetition."""
    modes = [mode for mode in (*MODES, *_ON_REQUEST) if mode in plan.beside]
    ours = [(Variant("first", mode), Variant("later", mode)) for mode in modes]
    theirs = plan.target.published and PUBLISHED.method in plan.beside
    published = [(PUBLISHED,)] if theirs else []
    return [(PLAIN,), *ours, *published]


def rotated_blocks(plan: Plan, repeat: int) -> list[Block]:
    """Return the blocks in the order of a repetition: each repetition begins one block further.

    What slows the machine down for a while then affects each method in turn.
    """
    every = blocks(plan)
    start = repeat % len(every)
    return every[start:] + every[:start]


@dataclass(frozen=True)
class Runner:
    """Makes the rounds of one block.

    Parameters
    ----------
    run
        Makes a round with a seed.
    cache
        The engine's reference cache, or None where there is none.
    """

    run: Callable[[int], object]
    cache: ReferenceCache | None = None


def make_runner(
    variant: Variant,
    target: TargetPipeline,
    plan: Plan,
    liked: Sequence[GeneratedImage],
    disliked: Sequence[GeneratedImage],
) -> Runner:
    """Return a runner for the method of `variant`, with an empty cache."""
    common: dict[str, Any] = {"num_images": target.pictures, **target.arguments}
    common |= {"liked": liked, "disliked": disliked}
    if variant == PLAIN:

        def plain(seed: int) -> object:
            generators = [torch.Generator().manual_seed(seed + i) for i in range(target.pictures)]
            return target.pipe(
                prompt=_PROMPT,
                num_images_per_prompt=target.pictures,
                generator=generators,
                **target.arguments,
            )

        return Runner(plain)
    if variant == PUBLISHED:
        published = Published(target.pipe, schedule_of(plan), offload=plan.offload)
        return Runner(lambda seed: published(_PROMPT, seed=seed, **common))
    memory = plan.cache_bytes
    fabric = Fabric(
        target.pipe,
        schedule=schedule_of(plan),
        cache_bytes=_half_of_free(target.device) if memory is None else memory,
        **(MODES | _ON_REQUEST)[variant.mode],
    )
    lens = Lens() if variant.mode == LENS else None
    return Runner(
        lambda seed: fabric(_PROMPT, seed=seed, lens=lens, **common),
        fabric._cache,  # noqa: SLF001  (nobody else needs to know what it holds)
    )


def _half_of_free(device: torch.device) -> int | None:
    """Return half of the free memory in bytes, or None if unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):  # another system than Linux
        return None

"""How each method makes a round, and in which order rounds are timed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.bench.plan import LENS
from fabric_widget.bench.published import Published
from fabric_widget.engine import Fabric, Lens, Schedule, TokenBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.targets import Scene
    from fabric_widget.engine import GeneratedImage
    from fabric_widget.engine.references.cache import ReferenceCache

# How the engine can be asked to work: keyword arguments of `Fabric`, by the mode's name.
MODES: Mapping[str, Mapping[str, Any]] = {
    "exact": {"token_budget": TokenBudget.exact()},
    "budget": {"token_budget": TokenBudget()},
}

_PROMPT = "a cat"


@dataclass(frozen=True, order=True)
class Way:
    """A method, and the engine's mode where it is the engine's.

    ``plain`` is the pipeline alone; ``first`` a round whose references are all new; ``later`` the
    next round with the same references; ``published`` the way of the paper's code.
    """

    method: str
    mode: str = ""

    def __str__(self) -> str:
        """Return the name for people."""
        return f"{self.method}, {self.mode}" if self.mode else self.method


PLAIN = Way("plain")
PUBLISHED = Way("published")
Block = tuple[Way, ...]  # rounds that only make sense one after the other


def schedule_of(plan: Plan) -> Schedule:
    """Return the schedule of all methods."""
    return Schedule() if plan.usual else Schedule(end=1.0)


def blocks(plan: Plan) -> list[Block]:
    """Return what one repetition is made of."""
    modes = [mode for mode in (*MODES, LENS) if mode in plan.beside]
    ours = [(Way("first", mode), Way("later", mode)) for mode in modes]
    published = [(PUBLISHED,)] if PUBLISHED.method in plan.beside else []
    return [(PLAIN,), *ours, *published]


def in_order(plan: Plan, repeat: int) -> list[Block]:
    """Return the blocks in the order of a repetition: each begins one block further.

    What slows the machine down for a while then meets each method in turn.
    """
    every = blocks(plan)
    start = repeat % len(every)
    return every[start:] + every[:start]


@dataclass(frozen=True)
class Player:
    """What makes the rounds of one block.

    Parameters
    ----------
    play
        Makes a round with a seed.
    cache
        The engine's memory of references, or None where there is none.
    """

    play: Callable[[int], object]
    cache: ReferenceCache | None = None


def player(
    way: Way,
    scene: Scene,
    plan: Plan,
    liked: Sequence[GeneratedImage],
    disliked: Sequence[GeneratedImage],
) -> Player:
    """Return what makes rounds by the method of `way`, with nothing remembered."""
    common: dict[str, Any] = {"num_images": scene.pictures, **scene.arguments}
    common |= {"liked": liked, "disliked": disliked}
    if way == PLAIN:

        def plain(seed: int) -> object:
            generators = [torch.Generator().manual_seed(seed + i) for i in range(scene.pictures)]
            return scene.pipe(
                prompt=_PROMPT,
                num_images_per_prompt=scene.pictures,
                generator=generators,
                **scene.arguments,
            )

        return Player(plain)
    if way == PUBLISHED:
        published = Published(scene.pipe, schedule_of(plan), offload=plan.offload)
        return Player(lambda seed: published(_PROMPT, seed=seed, **common))
    memory = plan.cache_bytes
    fabric = Fabric(
        scene.pipe,
        schedule=schedule_of(plan),
        cache_bytes=_half_of_free(scene.device) if memory is None else memory,
        **MODES.get(way.mode, {}),
    )
    lens = Lens() if way.mode == LENS else None
    return Player(
        lambda seed: fabric(_PROMPT, seed=seed, lens=lens, **common),
        fabric._cache,  # noqa: SLF001  (nobody else needs to know what it holds)
    )


def _half_of_free(device: torch.device) -> int | None:
    """Return half of the free memory in bytes, or None if that is unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):  # another system than Linux
        return None

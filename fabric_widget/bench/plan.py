"""What is measured, with which settings. Imports no torch: the command line's help reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REFERENCES = (0, 1, 2, 4, 8, 16, 32)
MOST_REFERENCES = 256
DTYPES = ("float32", "float16", "bfloat16")
BESIDE = ("budget", "exact", "published")
"""What is measured beside the plain pipeline: the engine's modes, and the published method."""
LENS = "lens"
EXPLORE = "explore"
ON_REQUEST = (EXPLORE, LENS)
"""Beside them if it is asked for: the default plan, whose pictures each read one or two references;
and a lens on one picture."""
LOADING = "loading"
"""Beside the names of `TARGETS`: the time that imports take."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a measurement is.

    Parameters
    ----------
    pictures
        Of one round, as one batch.
    latent
        Side of a picture in latents; references are of the same size.
    steps
        Denoising steps of a timed round.
    repeats
        How often everything is timed.
    """

    pictures: int
    latent: int
    steps: int
    repeats: int


@dataclass(frozen=True, kw_only=True)
class Target:
    """A pipeline to measure on.

    Parameters
    ----------
    name
        As on the command line.
    title
        For people.
    guidance
        Guidance scale: more than 1, so that a step has a conditional and an unconditional pass; of
        Flux it is distilled into one.
    coarsest
        How many latents on a side become one in the denoiser's coarsest level.
    on_cpu
        Size by default on a CPU, or None if it takes an accelerator.
    on_accelerator
        Size by default on an accelerator.
    published
        Whether there is the method of the paper's code for it: for UNets alone.
    """

    name: str
    title: str
    guidance: float
    coarsest: int
    on_cpu: Size | None
    on_accelerator: Size
    published: bool = True


_DEMO = Size(pictures=4, latent=16, steps=10, repeats=7)
_MEGAPIXEL = Size(pictures=4, latent=128, steps=4, repeats=3)
TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target(
            name="demo",
            title="the demo model",
            guidance=4.0,
            coarsest=2,
            on_cpu=_DEMO,
            on_accelerator=_DEMO,
        ),
        Target(
            name="sd15",
            title="the UNet of Stable Diffusion 1.5, random weights",
            guidance=7.5,
            coarsest=8,
            on_cpu=Size(pictures=1, latent=32, steps=2, repeats=3),
            on_accelerator=Size(pictures=4, latent=64, steps=10, repeats=5),
        ),
        Target(
            name="sdxl",
            title="the UNet of Stable Diffusion XL, random weights",
            guidance=5.0,
            coarsest=4,
            on_cpu=None,
            on_accelerator=_MEGAPIXEL,
        ),
        Target(
            name="sd35-medium",
            title="the transformer of Stable Diffusion 3.5 medium, random weights",
            guidance=4.5,
            coarsest=2,
            on_cpu=None,
            on_accelerator=_MEGAPIXEL,
            published=False,
        ),
        Target(
            name="sd35-large",
            title="the transformer of Stable Diffusion 3.5 large, random weights",
            guidance=4.5,
            coarsest=2,
            on_cpu=None,
            on_accelerator=_MEGAPIXEL,
            published=False,
        ),
        Target(
            name="flux",
            title="the transformer of Flux-dev, random weights",
            guidance=3.5,
            coarsest=2,
            on_cpu=None,
            on_accelerator=_MEGAPIXEL,
            published=False,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One target and how it is measured.

    Parameters
    ----------
    target
        What on.
    size
        How large.
    references
        Numbers of references, each 0 … 256, without repetition.
    device, dtype
        As torch names them: ``"cpu"``, ``"cuda"``; one of `DTYPES`.
    disliked
        Whether every second reference is disliked; otherwise all are liked.
    cache_bytes
        Size of the engine's reference cache. None is half of the free memory, so that a later
        round finds every reference in it.
    offload
        Whether the published method copies hidden states to the CPU and back, as its authors' code.
    beside
        Any of `BESIDE`, and of `ON_REQUEST`.
    usual
        Whether feedback follows the default schedule of a `Fabric`; otherwise references are read
        at every step, the most expensive schedule.

    Raises
    ------
    ValueError
        A setting is out of its range, or the target is none for this device.
    """

    target: Target
    size: Size
    references: tuple[int, ...] = REFERENCES
    device: str = "cpu"
    dtype: str = "float32"
    disliked: bool = False
    cache_bytes: int | None = None
    offload: bool = False
    beside: tuple[str, ...] = BESIDE
    usual: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        name, latent, unit = self.target.name, self.size.latent, self.target.coarsest
        if self.target.on_cpu is None and self.device == "cpu":
            message = f"{name} takes an accelerator, and the device is cpu: leave {name} out"
            raise ValueError(message)
        if latent % unit:
            message = f"{name} cannot have latents of side {latent}: give a multiple of {unit}"
            raise ValueError(message)
        if self.dtype not in DTYPES:
            message = f"dtype is {self.dtype!r}: give one of {', '.join(DTYPES)}"
            raise ValueError(message)
        if not self.beside or not set(self.beside) <= {*BESIDE, *ON_REQUEST}:
            message = (
                f"beside is {list(self.beside)}: give any of {', '.join([*BESIDE, *ON_REQUEST])}"
            )
            raise ValueError(message)
        if not self.references or len(set(self.references)) < len(self.references):
            message = f"references are {list(self.references)}: give one number or more, each once"
            raise ValueError(message)
        if not all(0 <= n <= MOST_REFERENCES for n in self.references):
            message = (
                f"references are {list(self.references)}: give numbers from 0 to {MOST_REFERENCES}"
            )
            raise ValueError(message)

    def sides(self, references: int) -> tuple[int, int]:
        """Return how many of so many references are liked and how many disliked."""
        dislikes = references // 2 if self.disliked else 0
        return references - dislikes, dislikes

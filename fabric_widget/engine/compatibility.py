"""Measure whether feedback works with a pipeline, in a few short runs."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from fabric_widget.engine.errors import FabricError, FabricWarning
from fabric_widget.engine.fabric import Fabric
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.record_calls import alternates, check_uncached, record_call
from fabric_widget.engine.pipeline.restore import random_kept
from fabric_widget.engine.plans import Everything
from fabric_widget.engine.references.recorder import measure
from fabric_widget.engine.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from fabric_widget.engine.results import Round

_PROMPT = "a cat"
_SEED = 5
_NOTICEABLE = 1e-3  # of the spread of latents
_NEVER = Schedule(start=1, end=1)
_EVERY_STEP = Schedule(end=1)
_NAMES = {True: "conditional", False: "unconditional"}


@dataclass(frozen=True)
class Compatibility:
    """Result of trying feedback on one pipeline.

    Parameters
    ----------
    sites
        Number of attention calls that can borrow.
    roles
        For each denoiser call of a step, what its rows are, in their order, as in
        ``("unconditional, conditional",)`` or ``("conditional", "unconditional")``.
    identity
        Whether feedback of weight 0 leaves every bit as the plain pipeline makes it.
    moved
        How far feedback moves the latents at most, in standard deviations of the latents.
    restored
        Whether the pipeline makes the same picture after all of this, to the bit.
    reason
        Why feedback does not work, or what is missing; empty if all is well.
    """

    sites: int = 0
    roles: tuple[str, ...] = ()
    identity: bool = False
    moved: float = 0.0
    restored: bool = False
    reason: str = ""

    @property
    def effect(self) -> bool:
        """Whether feedback changes the picture noticeably."""
        return self.moved > _NOTICEABLE

    @property
    def works(self) -> bool:
        """Whether feedback acts, weight 0 does not, and nothing is left behind."""
        return bool(self.sites and self.identity and self.effect and self.restored)


def check_compatibility(pipe: Any, *, num_images: int = 2, **arguments: Any) -> Compatibility:  # noqa: ANN401  (any diffusers pipeline)
    """Try feedback on a pipeline.

    Parameters
    ----------
    pipe
        A text-to-image pipeline.
    num_images
        How many pictures to make at once.
    **arguments
        The pipeline's own, as for `Fabric`.

    Returns
    -------
    Survey
        With a reason where feedback is refused: nothing that the engine says of a pipeline is
        raised.
    """
    try:
        fabric = Fabric(pipe, plan=Everything())
    except TypeError as error:
        return Compatibility(reason=str(error))
    arguments = {**fabric.defaults, "output_type": "np", **arguments}
    plain = _plain(pipe, num_images, arguments)
    sites, identity, moved = 0, False, 0.0
    roles: tuple[str, ...] = ()
    reasons: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FabricWarning)
        try:
            tokens, roles = anatomy(pipe, arguments)
            sites = len(tokens)
            first = _made(fabric, arguments, num_images=num_images)
            other = _made(fabric, arguments, num_images=1, seed=_SEED + num_images)
            votes = {"liked": [first[0]], "disliked": [other[0]], "num_images": num_images}
            silent = _made(fabric, arguments, schedule=_NEVER, **votes)
            identity = np.array_equal(_pixels(silent.output), plain)
            fed = _made(fabric, arguments, schedule=_EVERY_STEP, **votes)
            moved = _distance(fed, first)
        except FabricError as error:
            reasons.append(str(error))
    restored = np.array_equal(_plain(pipe, num_images, arguments), plain)
    if not reasons:
        reasons += ["weight 0 changes the picture"] * (not identity)
        reasons += ["feedback changes nothing"] * (moved <= _NOTICEABLE)
    reasons += ["the pipeline is changed afterwards"] * (not restored)
    return Compatibility(sites, roles, identity, moved, restored, "; ".join(reasons))


class Anatomy(NamedTuple):
    """What a pipeline is made of, as feedback sees it.

    Parameters
    ----------
    tokens
        How many tokens of the picture each attention site has, in order of execution.
    roles
        For each denoiser call of a step, what its rows are.
    """

    tokens: tuple[int, ...]
    roles: tuple[str, ...]


def anatomy(pipe: Any, arguments: Mapping[str, Any], prompt: str = _PROMPT) -> Anatomy:  # noqa: ANN401  (any diffusers pipeline)
    """Return what a pipeline is made of when it is called with these arguments.

    Raises
    ------
    NoAttentionSites
        It has nothing that could take feedback.
    """
    denoiser = Denoiser(pipe)
    with denoiser.occupied(), denoiser.eager():
        check_uncached(denoiser)
        recorded_call = record_call(denoiser, arguments, prompt)
        rows = recorded_call.guidance_branches.rows
        places, _ = measure(denoiser, recorded_call.null, rows.index(True))
        roles = [", ".join(_NAMES[row] for row in rows)]
        if alternates(denoiser, arguments, recorded_call.guidance_branches):
            roles.append(_NAMES[False])
    return Anatomy(tuple(place.tokens for place in places), tuple(roles))


def _plain(pipe: Any, num_images: int, arguments: Mapping[str, Any]) -> npt.NDArray[Any]:  # noqa: ANN401
    generators = [torch.Generator().manual_seed(_SEED + i) for i in range(num_images)]
    own = {"prompt": _PROMPT, "num_images_per_prompt": num_images, "generator": generators}
    with _same_luck(pipe):
        return _pixels(pipe(**own, **arguments))


def _made(fabric: Fabric, arguments: Mapping[str, Any], **ours: Any) -> Round:
    with _same_luck(fabric.pipe):
        return fabric(_PROMPT, **{"seed": _SEED, **arguments, **ours})


@contextmanager
def _same_luck(pipe: Any) -> Iterator[None]:  # noqa: ANN401  (any diffusers pipeline)
    """Let runs draw the same: some pipelines also do from the global random state."""
    with random_kept(Denoiser(pipe).device):
        torch.manual_seed(_SEED)
        yield


def _pixels(output: Any) -> npt.NDArray[Any]:  # noqa: ANN401  (the pipeline's own)
    return np.asarray(output[0])


def _distance(a: Round, b: Round) -> float:
    one, other = (torch.stack([image.latents for image in made]) for made in (a, b))
    return float((one - other).abs().max() / other.std())

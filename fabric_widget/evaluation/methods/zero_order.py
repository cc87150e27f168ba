"""Zero-order search over the start noise from rankings (ZO-RankSGD, arXiv 2303.03751).

The user ranks each round. The mean difference of start noise over all pairs of which one picture
is ranked above the other is the estimated gradient (section 3.1). The first round is the plain
pipeline's: its noises are the first directions, around the origin. Later noises are drawn around
the current point of the search. All noises are scaled to the norm of Gaussian noise, which models
expect. The published line search is left out: each of its steps would take a round of its own.
"""

from __future__ import annotations

import inspect
import itertools
import math
from typing import TYPE_CHECKING

import torch

from fabric_widget.engine import GeneratedImage
from fabric_widget.engine.fingerprint import derived_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Fabric
    from fabric_widget.evaluation.methods.request import MethodRequest

_STEP = 1.0  # step size in units of the norm of a noise; the result is scaled back to that norm
_NEW_VARIANCE = 0.5  # share of a noise's variance that is drawn anew
_LATENT_DIMENSIONS = 3  # (C, h, w): latents that are not packed
# Part of the seed of a direction, beside the picture's: the picture's own generator starts at that,
# and samplers that add noise would add the direction a second time.
_DIRECTION = 2


def zero_order(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Start from noises that are moved along the gradient estimated from the rankings.

    Raises
    ------
    TypeError
        The pipeline takes no `latents`, or packs them.
    """
    if "latents" not in inspect.signature(type(fabric.pipe).__call__).parameters:
        message = f"zero-order search needs `latents`, which {type(fabric.pipe).__name__} lacks"
        raise TypeError(message)
    common = {"num_images": len(request.seeds), "seed": request.seeds[0], **request.arguments}
    if not request.shown:
        return fabric(request.prompt, **common).images
    first = request.shown[0].pictures[0]
    if not isinstance(first, GeneratedImage) or first.latents.dim() != _LATENT_DIMENSIONS:
        message = (
            "zero-order search needs latents of the form (C, h, w), which "
            f"{type(fabric.pipe).__name__} does not work on: leave the method zero-order out"
        )
        raise TypeError(message)
    shape = first.latents.shape
    point = torch.zeros(shape)
    for number, past in enumerate(request.shown):
        directions = _directions(past.seeds, shape, first=number == 0)
        point = _ascend(point, gradient(directions, past.opinion.ranks))
    noises = _around(point, _directions(request.seeds, shape, first=False))
    return fabric(request.prompt, latents=noises.to(fabric.pipe.dtype), **common).images


def gradient(directions: torch.Tensor, ranks: Sequence[int]) -> torch.Tensor:
    """Return the mean difference over all pairs of which one was ranked above the other.

    Parameters
    ----------
    directions
        (n, ...): start noise of each picture, relative to the point of the search.
    ranks
        Rank of each picture, 0 for the best.

    Returns
    -------
    torch.Tensor
        Of the shape of one direction; zero if all ranks are equal.
    """
    better = [
        (a, b) for a, b in itertools.permutations(range(len(ranks)), 2) if ranks[a] < ranks[b]
    ]
    if not better:
        return torch.zeros_like(directions[0])
    return torch.stack([directions[a] - directions[b] for a, b in better]).mean(dim=0)


def _directions(seeds: Sequence[int], shape: torch.Size, *, first: bool) -> torch.Tensor:
    """Return one Gaussian noise for each seed; for the first round the pipeline's own."""
    drawn = [seed if first else derived_seed(seed, _DIRECTION) for seed in seeds]
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in drawn]
    )


def _ascend(point: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    if not direction.any():
        return point
    return _scale_to_noise(point + _STEP * _scale_to_noise(direction))


def _scale_to_noise(x: torch.Tensor) -> torch.Tensor:
    return x * (math.sqrt(x.numel()) / float(x.norm()))


def _around(point: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Return noises of unit variance around a point; around the origin, the directions."""
    if not point.any():
        return directions
    return math.sqrt(1 - _NEW_VARIANCE) * point + math.sqrt(_NEW_VARIANCE) * directions

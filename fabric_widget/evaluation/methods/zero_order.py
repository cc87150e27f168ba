"""Zero-order search over the start noise from rankings (ZO-RankSGD, arXiv 2303.03751).

The person ranks each round. Every pair in which one picture was ranked above another says in which
direction of the start noise it goes upwards; their mean is the estimated gradient (section 3.1).
The first round is the plain pipeline's, whose noises are the first directions about the origin.
Later ones are drawn about the point that the search has come to. All noises are kept as long as
Gaussian ones are: models know no others. The published line search is left out: each of its steps
would be a round of its own.
"""

from __future__ import annotations

import inspect
import itertools
import math
from typing import TYPE_CHECKING

import torch

from fabric_widget.engine import GeneratedImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Fabric
    from fabric_widget.evaluation.methods.request import MethodRequest

_STEP = 1.0  # the search moves by as much as one noise is long, then is brought back to that length
_EXPLORED = 0.5  # share of a noise's variance that is new
_FLAT = 3  # dimensions of one picture's latents that are not packed
_APART = 2**41  # from a picture's seed to that of its direction: the generator of the picture
# begins at its own seed, and samplers that add noise would add the direction once more


def zero_order(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Start from noises in the direction that the rankings point to.

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
    if not isinstance(first, GeneratedImage) or first.latents.dim() != _FLAT:
        message = (
            "zero-order search needs latents of the form (C, h, w), which "
            f"{type(fabric.pipe).__name__} does not work on: leave the method zero-order out"
        )
        raise TypeError(message)
    shape = first.latents.shape
    point = torch.zeros(shape)
    for number, past in enumerate(request.shown):
        directions = _directions(past.seeds, shape, first=number == 0)
        point = _moved(point, gradient(directions, past.opinion.ranks))
    noises = _about(point, _directions(request.seeds, shape, first=False))
    return fabric(request.prompt, latents=noises.to(fabric.pipe.dtype), **common).images


def gradient(directions: torch.Tensor, ranks: Sequence[int]) -> torch.Tensor:
    """Return the mean difference over all pairs of which one was ranked above the other.

    Parameters
    ----------
    directions
        (n, ...): where each picture lies, seen from the point of the search.
    ranks
        The place of each, 0 for the best.

    Returns
    -------
    torch.Tensor
        Of the shape of one direction; zero if nothing was told apart.
    """
    better = [
        (a, b) for a, b in itertools.permutations(range(len(ranks)), 2) if ranks[a] < ranks[b]
    ]
    if not better:
        return torch.zeros_like(directions[0])
    return torch.stack([directions[a] - directions[b] for a, b in better]).mean(dim=0)


def _directions(seeds: Sequence[int], shape: torch.Size, *, first: bool) -> torch.Tensor:
    """Return one Gaussian noise for each seed; for the first round the pipeline's own."""
    offset = 0 if first else _APART
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(s + offset)) for s in seeds]
    )


def _moved(point: torch.Tensor, upwards: torch.Tensor) -> torch.Tensor:
    if not upwards.any():
        return point
    return _as_long_as_noise(point + _STEP * _as_long_as_noise(upwards))


def _as_long_as_noise(x: torch.Tensor) -> torch.Tensor:
    return x * (math.sqrt(x.numel()) / float(x.norm()))


def _about(point: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Return noises about a point, of unit variance; about the origin they are the directions."""
    if not point.any():
        return directions
    return math.sqrt(1 - _EXPLORED) * point + math.sqrt(_EXPLORED) * directions

"""Where the subject of a picture is, by the model's own self-attention.

Places that look at each other belong together. Taken as a graph, the self-attention of a picture
falls into two parts where its normalised cut is least (Shi and Malik, 2000): the sign of the second
eigenvector of the normalised affinity tells them apart, and the subject is the part in the middle.
No training, and no word for it in the prompt. Measured in ``docs/quality.md``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from fabric_widget.engine.attention.calls import linear_shares
from fabric_widget.engine.attention.tokens import columns_of
from fabric_widget.engine.errors import BadReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine.attention.site import Site

MOST_TOKENS = 1024  # finer layers are pooled: the eigenvectors of so many take a moment
FIRST, LAST = 0.3, 0.8  # of the steps: before them nothing is decided, after them all is texture
_MIDDLE = 0.3  # of each side, from both edges
_LEAST_ROWS = 3


def chosen_sites(sites: Sequence[Site]) -> list[Site]:
    """Return the sites of the finest level of at most `MOST_TOKENS` tokens, or the coarsest."""
    tokens = _chosen([site.place.tokens for site in sites])
    return [site for site in sites if site.place.tokens == tokens]


def tells_subject(tokens: Sequence[int], aspect: float) -> bool:
    """Return whether attention tells where the subject of a picture is.

    Parameters
    ----------
    tokens
        How many tokens of the picture each attention site has.
    aspect
        Width of the picture, divided by its height.
    """
    rows, columns = _grid(count := _chosen(tokens), aspect)
    by = _pooled_by(count)
    pooled = (rows // by) * (columns // by)
    return min(rows, columns) >= _LEAST_ROWS and min(_grid(pooled, aspect)) >= _LEAST_ROWS


def affinity(
    queries: torch.Tensor, keys: torch.Tensor, aspect: float, *, linear: bool = False
) -> torch.Tensor:
    """Return how much the places of pictures look at each other, averaged over heads and pictures.

    Parameters
    ----------
    queries, keys
        Of the image, (B, H, N, D); fewer heads of keys are shared.
    aspect
        Width of the picture, divided by its height.
    linear
        Whether the products of queries and keys, none negative, are the attention.

    Returns
    -------
    torch.Tensor
        (N, N), float32; places are pooled where there are more than `MOST_TOKENS`.

    Raises
    ------
    BadReference
        So many places are to be pooled, and their number does not tell how they stand.
    """
    keys = keys.repeat_interleave(queries.shape[1] // keys.shape[1], dim=1)
    queries, keys = (_pooled(x.float(), aspect) for x in (queries, keys))
    if linear:
        return linear_shares(queries @ keys.mT).mean((0, 1))
    scores = queries @ keys.mT / math.sqrt(queries.shape[-1])
    return scores.softmax(-1).mean((0, 1))


def subject_mask(looks: torch.Tensor, aspect: float) -> torch.Tensor:
    """Return where the subject is, (rows, columns), 0 or 1.

    Parameters
    ----------
    looks
        How much places look at each other, (N, N).
    aspect
        Width of the picture, divided by its height.

    Raises
    ------
    BadReference
        The number of places does not tell how they stand.
    """
    rows, columns = _told_grid(len(looks), aspect)
    both = (looks + looks.T).double() / 2
    degree = both.sum(1).rsqrt()
    _, vectors = torch.linalg.eigh(degree[:, None] * both * degree)
    split = (vectors[:, -2] * degree).reshape(rows, columns)
    down, across = (round(_MIDDLE * side) for side in (rows, columns))
    middle = split[down : rows - down, across : columns - across].mean()
    edge = torch.cat([split[0], split[-1], split[:, 0], split[:, -1]]).mean()
    mask: torch.Tensor = (split - (middle + edge) / 2) * (middle - edge) > 0
    return mask.float()


def _pooled(x: torch.Tensor, aspect: float) -> torch.Tensor:
    """Return (B, H, N, D) with at most `MOST_TOKENS` tokens, by means over squares of them."""
    by = _pooled_by(count := x.shape[-2])
    if by <= 1:
        return x
    picture = x.mT.reshape(-1, x.shape[-1], *_told_grid(count, aspect))
    pooled = functional.avg_pool2d(picture, by)
    return pooled.reshape(*x.shape[:2], x.shape[-1], -1).mT


def _chosen(tokens: Sequence[int]) -> int:
    counts = sorted(set(tokens), reverse=True)
    return next((count for count in counts if count <= MOST_TOKENS), counts[-1])


def _grid(count: int, aspect: float) -> tuple[int, int]:
    """Return rows and columns of so many tokens; one row if they cannot be told."""
    columns = columns_of(count, aspect)
    return count // columns, columns


def _told_grid(count: int, aspect: float) -> tuple[int, int]:
    """Return rows and columns of so many tokens, or raise a BadReference."""
    rows, columns = _grid(count, aspect)
    if min(rows, columns) < _LEAST_ROWS:
        message = (
            "this pipeline's attention does not tell where the subject is: give the part as a box "
            "or a mask"
        )
        raise BadReference(message)
    return rows, columns


def _pooled_by(count: int) -> int:
    return math.ceil(math.sqrt(count / MOST_TOKENS))

"""Convert latents between pictures and packed tokens, by the pipeline's own method.

Pipelines that pack their latents into tokens have a static method for it. It moves numbers and
changes none, so packing the numbers 0, 1, 2 … shows where each one goes, and the way back.
"""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import BadReference

if TYPE_CHECKING:
    from fabric_widget.engine.pipeline.protocol import Pipeline

_NAME = "_pack_latents"


def can_pack(pipe: Pipeline) -> bool:
    """Return whether the pipeline has a method that packs latents."""
    return callable(getattr(pipe, _NAME, None))


def pack(pipe: Pipeline, latents: torch.Tensor, channels: int) -> torch.Tensor:
    """Return latents, (B, C, h, w), packed by the pipeline, (B, tokens, channels).

    Parameters
    ----------
    pipe
        It says how.
    latents
        Latents of the autoencoder.
    channels
        Of the packed ones. If there are as many as before, one latent is one token.

    Raises
    ------
    BadReference
        The pipeline does not say how, or takes no latents of this size.
    """
    if latents.shape[1] == channels:
        return latents.flatten(2).mT
    if not can_pack(pipe):
        message = (
            f"{type(pipe).__name__} packs latents in a way of its own, which a picture cannot be "
            "brought into: only generated images can be liked or disliked"
        )
        raise BadReference(message)
    function: Any = getattr(pipe, _NAME)
    rows, channels, height, width = latents.shape
    config: Any = getattr(getattr(pipe, "transformer", None), "config", None)
    known = {
        "latents": latents,
        "batch_size": rows,
        "num_channels_latents": channels,
        "height": height,
        "width": width,
        "patch_size": getattr(config, "patch_size", None),
    }
    names = inspect.signature(function).parameters
    try:
        packed: torch.Tensor = function(**{n: known[n] for n in names if n in known})
    except RuntimeError as error:  # torch's, of a view that does not fit
        message = (
            f"{type(pipe).__name__} cannot pack latents of {width} by {height}: give a picture "
            "with other sides"
        )
        raise BadReference(message) from error
    return packed


def unpack(
    pipe: Pipeline, latents: torch.Tensor, channels: int, aspect: float
) -> torch.Tensor | None:
    """Return packed latents, (B, tokens, C), as (B, C, h, w), or None if that is not possible.

    Parameters
    ----------
    pipe
        It packed them.
    latents
        Packed latents.
    channels
        Of latents that are not packed.
    aspect
        Width by height.
    """
    area = latents[0].numel() / channels
    height = round(math.sqrt(area / aspect))
    width = round(area / height) if height else 0
    if channels * height * width != latents[0].numel():
        return None
    numbers = torch.arange(latents[0].numel()).reshape(1, channels, height, width)
    try:
        order = pack(pipe, numbers, latents.shape[-1]).flatten()
    except BadReference:
        return None
    unpacked = torch.empty_like(latents.flatten(1))
    unpacked[:, order] = latents.flatten(1)
    return unpacked.reshape(-1, channels, height, width)

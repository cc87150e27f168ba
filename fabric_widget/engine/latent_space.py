"""Pictures into a pipeline's latents, by the pipeline's own autoencoder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.restore import random_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

    from fabric_widget.engine.pipeline import Pipeline


def can_encode(pipe: Pipeline) -> bool:
    """Return whether the pipeline has an autoencoder that makes latents from pictures."""
    return callable(getattr(getattr(pipe, "vae", None), "encode", None))


def pixels_per_latent(pipe: Pipeline) -> int:
    """Return how many pixels one latent covers in each direction."""
    return int(getattr(pipe, "vae_scale_factor", 8))


def size_multiple(pipe: Pipeline, denoiser: torch.nn.Module) -> int:
    """Return the number of pixels that a picture's sides must be multiples of.

    The denoiser halves the latents once between two of its levels, or cuts them into patches.
    """
    config: Any = denoiser.config
    levels = len(getattr(config, "block_out_channels", ()) or ())
    patch = int(getattr(config, "patch_size", None) or 1)
    halvings = max(levels - 1, 0)
    return pixels_per_latent(pipe) * patch << halvings


@torch.no_grad()
def encode(pipe: Pipeline, pictures: Sequence[Image.Image], device: torch.device) -> torch.Tensor:
    """Return the latents of RGB pictures of equal size, (B, C, h, w) float32 on the CPU.

    The mode of the autoencoder's posterior, in the scale of the pipeline's denoising loop.

    Raises
    ------
    BadReference
        The pipeline has no autoencoder that encodes.
    """
    if not can_encode(pipe):
        message = (
            f"{type(pipe).__name__} has no autoencoder that can encode a picture: only generated "
            "images can be liked or disliked"
        )
        raise BadReference(message)
    vae: Any = pipe.vae
    array = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    pixels = torch.from_numpy(array / 127.5 - 1).permute(0, 3, 1, 2)
    with random_kept(device), _precise(vae):
        encoded = vae.encode(pixels.to(device, vae.dtype))
    latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
    return _scaled(latents.float().cpu(), vae.config)


@contextmanager
def _precise(vae: Any) -> Iterator[None]:  # noqa: ANN401  (any autoencoder)
    """Run an autoencoder that overflows in float16 in float32."""
    upcast = vae.dtype == torch.float16 and getattr(vae.config, "force_upcast", False)
    if upcast:
        vae.to(dtype=torch.float32)
    try:
        yield
    finally:
        if upcast:
            vae.to(dtype=torch.float16)


def _scaled(latents: torch.Tensor, config: object) -> torch.Tensor:
    """Return an autoencoder's latents in the scale of the denoising loop."""
    factor = getattr(config, "scaling_factor", None) or 1.0
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and std is not None:
        mean, std = (torch.tensor(x, dtype=latents.dtype).view(1, -1, 1, 1) for x in (mean, std))
        return (latents - mean) / std * factor
    shift = getattr(config, "shift_factor", None) or 0.0
    return (latents - shift) * factor

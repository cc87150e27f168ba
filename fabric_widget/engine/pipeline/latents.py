"""Encode pictures into a pipeline's latents with its own autoencoder."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.pipeline.protocol import SIZE
from fabric_widget.engine.pipeline.restore import random_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL import Image

    from fabric_widget.engine.pipeline.protocol import Pipeline


_USUAL = 8  # pixels for one latent
_SCALES = ("vae_scale_factor", "vae_scale_factor_spatial", "movq_scale_factor")
_FLAT_DIMENSIONS = 3  # of one picture's latents, (C, h, w)


def autoencoder(pipe: Pipeline) -> Any:  # noqa: ANN401  (any autoencoder)
    """Return the pipeline's autoencoder, or None."""
    return getattr(pipe, "vae", None) or getattr(pipe, "movq", None)


def can_encode(pipe: Pipeline) -> bool:
    """Return whether the pipeline has an autoencoder that encodes pictures."""
    return callable(getattr(autoencoder(pipe), "encode", None))


def pixels_per_latent(pipe: Pipeline) -> int:
    """Return the number of pixels per latent along each side."""
    told = next((int(getattr(pipe, name)) for name in _SCALES if hasattr(pipe, name)), None)
    if told is not None:
        return told
    levels = getattr(getattr(autoencoder(pipe), "config", None), "block_out_channels", None)
    return 2 ** (len(levels) - 1) if levels else _USUAL


def size_multiple(pipe: Pipeline, denoiser: torch.nn.Module) -> int:
    """Return the number of pixels that a picture's sides must be multiples of.

    The denoiser halves the latents once between two of its levels, or cuts them into patches.
    """
    config: Any = denoiser.config
    levels = len(getattr(config, "block_out_channels", ()) or ())
    patch = getattr(config, "patch_size", None) or 1
    halvings = max(levels - 1, 0)
    own = pixels_per_latent(pipe) * (patch if isinstance(patch, int) else max(patch)) << halvings
    processor: Any = getattr(getattr(pipe, "image_processor", None), "config", None)
    # Pipelines that pack latents tell their image processor what they pack.
    packed: Any = getattr(processor, "vae_scale_factor", None)
    return math.lcm(own, int(packed or 1))


def aspect_ratio(latents: torch.Tensor, arguments: Mapping[str, Any]) -> float:
    """Return width / height of the picture that latents (C, h, w) belong to; 1 if nothing tells."""
    height, width = (arguments.get(name) for name in SIZE)
    if height and width:
        return float(width / height)
    if latents.dim() == _FLAT_DIMENSIONS:
        return latents.shape[-1] / latents.shape[-2]
    return 1.0


def channels_of(pipe: Pipeline) -> int:
    """Return how many channels the autoencoder's latents have."""
    config = autoencoder(pipe).config
    names = ("latent_channels", "z_dim")
    return next((int(config[name]) for name in names if name in config), 4)


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
    vae = autoencoder(pipe)
    array = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    pixels = torch.from_numpy(array / 127.5 - 1).permute(0, 3, 1, 2)
    with random_kept(device), _precise(vae):
        pixels = _with_alpha(pixels, vae.config).to(device, vae.dtype)
        if _of_films(vae):
            pixels = pixels.unsqueeze(2)
        own: Any = getattr(pipe, "_encode_vae_image", None)  # where more is done than scaling
        if own is not None:
            latents: torch.Tensor = (
                own(image=pixels, generator=torch.Generator().manual_seed(0)).float().cpu()
            )
        else:
            encoded = vae.encode(pixels)
            latents = (
                encoded.latent_dist.mode()
                if hasattr(encoded, "latent_dist")
                else encoded[0]  # of one entry, by several names
            )
            latents = _scaled(latents.float().cpu(), vae.config)
    return latents.squeeze(2) if _of_films(vae) else latents


def _with_alpha(pixels: torch.Tensor, config: object) -> torch.Tensor:
    """Return pixels, (B, 3, h, w), opaque where an autoencoder has a fourth channel."""
    names = ("in_channels", "input_channels")
    channels = next((n for n in (getattr(config, name, None) for name in names) if n), 3)
    lacking = max(int(channels) - pixels.shape[1], 0)
    return torch.cat([pixels, torch.ones_like(pixels[:, :1]).expand(-1, lacking, -1, -1)], 1)


def _of_films(vae: Any) -> bool:  # noqa: ANN401  (any autoencoder)
    """Return whether an autoencoder takes videos of one frame, (B, C, 1, h, w)."""
    modules = vae.modules() if isinstance(vae, torch.nn.Module) else ()
    return any("Conv3d" in type(module).__name__ for module in modules)  # or a lookalike of it


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
        shape = (1, -1, *(1,) * (latents.dim() - 2))
        mean, std = (torch.tensor(x, dtype=latents.dtype).view(shape) for x in (mean, std))
        return (latents - mean) / std * factor
    shift = getattr(config, "shift_factor", None) or 0.0
    return (latents - shift) * factor

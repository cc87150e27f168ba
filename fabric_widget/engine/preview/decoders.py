"""Decode latents into small pictures at low cost.

Colours are very nearly a linear function of latents, so a linear map, fitted once to flat
colours encoded by the pipeline's own autoencoder, shows a picture at a pixel per latent for next to
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from fabric_widget.engine.pipeline.latents import encode, pixels_per_latent

if TYPE_CHECKING:
    from fabric_widget.engine.pipeline.protocol import Pipeline

_SHADES = (0, 128, 255)
_FIELD = 4  # latents: the outermost feel the padding of convolutions, the inner ones hardly
_SMALLEST_SINGULAR_VALUE = 1e-3  # relative: below it is noise, not colour


@dataclass(frozen=True)
class LinearPreview:
    """A linear map from latents to colours.

    Parameters
    ----------
    matrix
        (C + 1, 3): rows for the latent channels and one for the constant; colours are 0 … 1.
    """

    matrix: torch.Tensor

    @property
    def channels(self) -> int:
        """Number of channels of the latents."""
        return len(self.matrix) - 1

    def __call__(self, latents: torch.Tensor) -> list[Image.Image]:
        """Return one image of w by h pixels per row of `latents`, (B, C, h, w)."""
        colours = _with_one(latents.float().cpu().permute(0, 2, 3, 1)) @ self.matrix
        return _images(colours)


@dataclass(frozen=True)
class DecoderPreview:
    """Previews by a small decoder, such as diffusers' `AutoencoderTiny`.

    Parameters
    ----------
    decoder
        Takes latents as the denoising loop has them.
    """

    decoder: Any

    @torch.no_grad()
    def __call__(self, latents: torch.Tensor) -> list[Image.Image]:
        """Return one image per row of `latents`, (B, C, h, w)."""
        decoder = self.decoder
        decoded = decoder.decode(latents.to(decoder.device, decoder.dtype)).sample
        return _images(decoded.float().cpu().permute(0, 2, 3, 1) / 2 + 0.5)


def fit_linear(pipe: Pipeline, device: torch.device) -> LinearPreview:
    """Fit a linear map from latents to colours, by least squares on flat colours."""
    side = _FIELD * pixels_per_latent(pipe)
    colours = list(product(_SHADES, repeat=3))

    def encoded(side: int) -> torch.Tensor:
        fields = [Image.new("RGB", (side, side), colour) for colour in colours]
        return encode(pipe, fields, device)

    latents = encoded(side)
    if latents.shape[-1] < _FIELD:  # several latents of the autoencoder are one of the pipeline
        latents = encoded(side * _FIELD // latents.shape[-1])
    inner = latents[..., 1:-1, 1:-1].mean((-2, -1))
    samples = _with_one(inner).double()
    wanted = torch.tensor(colours, dtype=torch.float64) / 255
    inverse = torch.linalg.pinv(samples, rtol=_SMALLEST_SINGULAR_VALUE)
    return LinearPreview((inverse @ wanted).float())


def rescaled(latents: torch.Tensor) -> torch.Tensor:
    """Return noisy latents scaled to about the range of finished ones."""
    spread = latents.float().flatten(1).std(1).clamp(min=1).to(latents.dtype)
    return latents / spread.view(-1, *(1,) * (latents.dim() - 1))


def _with_one(latents: torch.Tensor) -> torch.Tensor:
    return torch.cat([latents, torch.ones_like(latents[..., :1])], dim=-1)


def _images(colours: torch.Tensor) -> list[Image.Image]:
    """Return images from colours 0 … 1, (B, h, w, 3)."""
    pixels = (colours.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return [Image.fromarray(array) for array in pixels]

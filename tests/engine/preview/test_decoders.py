"""Cheap pictures of latents."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine.pipeline.latents import encode
from fabric_widget.engine.preview.decoders import (
    DecoderPreview,
    LinearPreview,
    fit_linear,
    rescaled,
)

CPU = torch.device("cpu")


class LinearAutoencoder:
    """An autoencoder whose latents are a known linear function of colour, and average 2 x 2."""

    dtype = torch.float32
    config = SimpleNamespace(scaling_factor=0.5)

    def __init__(self) -> None:
        self.matrix = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))

    def encode(self, pixels: torch.Tensor) -> Any:
        small = torch.nn.functional.avg_pool2d(pixels, 2)
        return (torch.einsum("lc,bchw->blhw", self.matrix, small) + 0.3,)


def linear_pipe() -> Any:
    return SimpleNamespace(vae=LinearAutoencoder(), vae_scale_factor=2)


def test_a_linear_autoencoder_is_undone() -> None:
    pipe = linear_pipe()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    pixels = pixels.repeat(2, 0).repeat(2, 1)
    latents = encode(pipe, [Image.fromarray(pixels)], CPU)
    [preview] = fit_linear(pipe, CPU)(latents)
    assert preview.size == (12, 8)
    assert np.abs(np.asarray(preview).astype(int) - pixels[::2, ::2]).max() <= 1


def test_colours_are_clipped() -> None:
    matrix = torch.cat([torch.eye(3), torch.zeros(1, 3)])
    latents = torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)
    [image] = LinearPreview(matrix)(latents)
    assert image.getpixel((0, 0)) == (0, 128, 255)


def test_half_precision_latents() -> None:
    matrix = torch.cat([torch.eye(3), torch.zeros(1, 3)])
    [image] = LinearPreview(matrix)(torch.ones(1, 3, 2, 2, dtype=torch.float16))
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_noise_is_calmed_and_pictures_are_not() -> None:
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(rescaled(14 * noise).flatten(1).std(1), torch.ones(2), atol=1e-5)
    assert torch.equal(rescaled(0.5 * noise), 0.5 * noise)


def test_decoders() -> None:
    decoder = SimpleNamespace(
        device=CPU,
        dtype=torch.float32,
        decode=lambda latents: SimpleNamespace(sample=latents[:, :3] * 2 - 1),
    )
    [image] = DecoderPreview(decoder)(torch.full((1, 4, 3, 2), 0.2))
    assert (image.size, image.getpixel((0, 0))) == ((2, 3), (51, 51, 51))

"""Encoding by any autoencoder, in the scale of the denoising loop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image

from fabric_widget.engine.pipeline.latents import _scaled, encode, pixels_per_latent, size_multiple
from fabric_widget.zoo import ZOO, tiny

CPU = torch.device("cpu")


def picture(seed: int, side: int = 16) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_it_is_what_the_pipelines_image_processor_and_autoencoder_make(pipe: Any) -> None:
    image = picture(0)
    with torch.no_grad():
        pixels = pipe.image_processor.preprocess(image)
        mode = pipe.vae.encode(pixels).latent_dist.mode() * pipe.vae.config.scaling_factor
    assert torch.allclose(encode(pipe, [image], CPU), mode, atol=1e-6)


def test_encoding_draws_no_random_number(pipe: Any) -> None:
    before = torch.get_rng_state()
    first, second = (encode(pipe, [picture(0)], CPU) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not first.requires_grad


@pytest.mark.parametrize(
    ("config", "stored"),
    [
        ({"scaling_factor": 0.5}, 1.5),
        ({"scaling_factor": 0.5, "shift_factor": 1.0}, 1.0),
        ({"scaling_factor": 0.5, "latents_mean": [1.0] * 4, "latents_std": [4.0] * 4}, 0.25),
        ({"scaling_factor": None, "shift_factor": None}, 3.0),
        ({"scaling_factor": 0.5, "latents_mean": None, "latents_std": None}, 1.5),
    ],
)
def test_scale_shift_and_statistics(config: dict[str, Any], stored: float) -> None:
    latents = torch.full((1, 4, 2, 2), 3.0)
    assert torch.equal(
        _scaled(latents, SimpleNamespace(**config)), torch.full((1, 4, 2, 2), stored)
    )


def test_half_precision_autoencoders_that_overflow(pipe: Any) -> None:
    precise = encode(pipe, [picture(0)], CPU)
    pipe.vae.to(torch.float16)
    pipe.vae.register_to_config(force_upcast=True)
    weights = {name: x.clone() for name, x in pipe.vae.state_dict().items()}
    assert torch.allclose(encode(pipe, [picture(0)], CPU), precise, atol=1e-2)
    assert pipe.vae.dtype == torch.float16
    assert all(torch.equal(weights[name], x) for name, x in pipe.vae.state_dict().items())


def test_autoencoders_without_a_posterior(pipe: Any) -> None:
    pipe.vae = AutoencoderTiny(
        encoder_block_out_channels=(4, 4),
        decoder_block_out_channels=(4, 4),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )
    assert encode(pipe, [picture(0)], CPU).shape == (1, 4, 8, 8)


def test_sizes(pipe: Any) -> None:
    assert pixels_per_latent(pipe) == 2
    assert size_multiple(pipe, pipe.unet) == 4
    three = tiny.unet(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
    )
    assert size_multiple(pipe, three) == 8
    patched: Any = SimpleNamespace(config=SimpleNamespace(patch_size=2))
    assert size_multiple(pipe, patched) == 4


def test_pixels_of_a_pipeline_that_does_not_tell() -> None:
    """Its autoencoder halves the sides between two levels."""
    assert pixels_per_latent(ZOO["Kandinsky 2.2"].build()) == 2
    assert pixels_per_latent(SimpleNamespace(vae=AutoencoderTiny())) == 8

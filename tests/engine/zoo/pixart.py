"""PixArt: self-attention over the image and cross-attention to the text, in a transformer."""

from __future__ import annotations

from typing import Any

from diffusers import (
    DPMSolverMultistepScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
)

from tests.engine.zoo import parts
from tests.engine.zoo.family import Family, Parts, builder
from tests.engine.zoo.tokenizers import letters

_QUICK: dict[str, Any] = {
    "height": 16,
    "width": 16,
    "num_inference_steps": 2,
    "guidance_scale": 3.0,
    "max_sequence_length": 16,
    "use_resolution_binning": False,
    "clean_caption": False,
}


def _pixart() -> dict[str, Any]:
    return {
        "transformer": PixArtTransformer2DModel(
            sample_size=8,
            in_channels=4,
            out_channels=8,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            caption_channels=parts.WIDTH,
        ),
        "scheduler": DPMSolverMultistepScheduler(),
        "vae": parts.vae(),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


@builder
def pixart_alpha() -> Parts:
    return PixArtAlphaPipeline, _pixart()


@builder
def pixart_sigma() -> Parts:
    return PixArtSigmaPipeline, _pixart()


FAMILIES = (
    Family("PixArt-α", pixart_alpha, _QUICK),
    Family("PixArt-Σ", pixart_sigma, _QUICK),
)

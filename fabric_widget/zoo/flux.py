"""Flux and its relatives: packed latents, with position ids as arguments of the denoiser call."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderKLFlux2,
    ChromaPipeline,
    ChromaTransformer2DModel,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    FluxPipeline,
    FluxTransformer2DModel,
)

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, altered, builder
from fabric_widget.zoo.tokenizers import letters

QUICK: dict[str, Any] = {
    "height": 16,
    "width": 16,
    "num_inference_steps": 2,
    "max_sequence_length": 16,
}
_SHAPE: dict[str, Any] = {
    "in_channels": 16,  # a patch of 2 × 2 latents of 4 channels
    "num_layers": 1,
    "num_single_layers": 1,
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "axes_dims_rope": (4, 4, 8),
    "joint_attention_dim": parts.WIDTH,
}


@builder
def flux() -> Parts:
    return FluxPipeline, {
        "transformer": FluxTransformer2DModel(
            **_SHAPE, pooled_projection_dim=parts.WIDTH, guidance_embeds=True
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.clip(),
        "tokenizer": tiny.tokenizer(),
        "text_encoder_2": parts.t5(),
        "tokenizer_2": letters(),
    }


@builder
def chroma() -> Parts:
    return ChromaPipeline, {
        "transformer": ChromaTransformer2DModel(
            **_SHAPE,
            approximator_num_channels=16,
            approximator_hidden_dim=16,
            approximator_layers=1,
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


def flux2_vae() -> Any:
    """Return an autoencoder that normalizes patches of latents."""
    return AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
    )


def _flux2(width: int, *, guidance: bool) -> dict[str, Any]:
    return {
        "transformer": Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            num_attention_heads=2,
            attention_head_dim=16,
            axes_dims_rope=(4, 4, 4, 4),
            joint_attention_dim=width,
            timestep_guidance_channels=16,
            guidance_embeds=guidance,
        ),
        "scheduler": parts.flow(),
        "vae": flux2_vae(),
        "tokenizer": letters(),
    }


_FLUX2_LAYERS = (0, 1, 2)
FLUX2: dict[str, Any] = {
    "guidance_scale": 3.0,
    "text_encoder_out_layers": _FLUX2_LAYERS,
}


@builder
def flux2() -> Parts:
    width = parts.WIDTH * len(_FLUX2_LAYERS)
    return altered(Flux2Pipeline, system_message=""), _flux2(width, guidance=True) | {
        "text_encoder": parts.mistral3()
    }


@builder
def flux2_klein() -> Parts:
    width = parts.WIDTH * len(_FLUX2_LAYERS)
    return Flux2KleinPipeline, _flux2(width, guidance=False) | {"text_encoder": parts.qwen3()}


FAMILIES = (
    Family("Flux", flux, QUICK | {"guidance_scale": 3.0}, guided=False, note="distilled guidance"),
    Family(
        "Flux true CFG",
        flux,
        QUICK | {"true_cfg_scale": 3.0, "negative_prompt": ""},
        note="two calls a step, the conditional one first",
    ),
    Family("Chroma", chroma, QUICK | {"guidance_scale": 3.0}, note="two calls a step; text mask"),
    Family(
        "Flux 2",
        flux2,
        QUICK | FLUX2,
        guided=False,
        note="distilled guidance; the first positional argument is a picture",
    ),
    Family("Flux 2 Klein", flux2_klein, QUICK | FLUX2, note="two calls a step"),
)

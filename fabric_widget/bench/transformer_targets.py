"""Transformers of full size with random weights: Stable Diffusion 3.5 and Flux.

As in `targets`, text encoders and autoencoders are tiny. Weights are made in the precision that
they run in: twelve billion of them in float32 would fill a GPU by themselves.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel

from fabric_widget.bench.parts import autoencoder, text, tokenizer
from fabric_widget.zoo.tokenizers import END, PAD, VOCABULARY, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

_POOLED, _MORE_POOLED, _WORDS = 768, 1280, 4096  # channels of the embeddings of texts
_TOKENS = 512  # of a prompt as T5 reads it
_SD3: dict[str, Any] = {
    "sample_size": 128,
    "patch_size": 2,
    "in_channels": 16,
    "out_channels": 16,
    "attention_head_dim": 64,
    "joint_attention_dim": _WORDS,
    "pooled_projection_dim": _POOLED + _MORE_POOLED,
    "qk_norm": "rms_norm",
}
# https://huggingface.co/stabilityai/stable-diffusion-3.5-medium, transformer/config.json
SD35_MEDIUM: dict[str, Any] = {
    **_SD3,
    "num_layers": 24,
    "num_attention_heads": 24,
    "caption_projection_dim": 1536,
    "pos_embed_max_size": 384,
    "dual_attention_layers": tuple(range(13)),
}
# https://huggingface.co/stabilityai/stable-diffusion-3.5-large, transformer/config.json
SD35_LARGE: dict[str, Any] = {
    **_SD3,
    "num_layers": 38,
    "num_attention_heads": 38,
    "caption_projection_dim": 2432,
    "pos_embed_max_size": 192,
}
# https://huggingface.co/black-forest-labs/FLUX.1-dev, transformer/config.json
FLUX: dict[str, Any] = {
    "in_channels": 64,
    "num_layers": 19,
    "num_single_layers": 38,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": _WORDS,
    "pooled_projection_dim": _POOLED,
    "guidance_embeds": True,
}


def sd35_medium(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401  (a pipeline)
    """Return Stable Diffusion 3.5 medium."""
    return _sd3(SD35_MEDIUM, device, dtype)


def sd35_large(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    """Return Stable Diffusion 3.5 large."""
    return _sd3(SD35_LARGE, device, dtype)


def flux(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    """Return Flux-dev."""
    with _made(device, dtype):
        transformer = FluxTransformer2DModel(**FLUX)
        vae = _vae()
        text_encoder, text_encoder_2 = CLIPTextModel(text(_POOLED)), _t5()
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer(),
        text_encoder_2=text_encoder_2.eval(),
        tokenizer_2=letters(length=_TOKENS),
        transformer=transformer.eval(),
    )


def _sd3(settings: dict[str, Any], device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    with _made(device, dtype):
        transformer = SD3Transformer2DModel(**settings)
        vae = _vae()
        text_encoder = CLIPTextModelWithProjection(text(_POOLED))
        text_encoder_2 = CLIPTextModelWithProjection(text(_MORE_POOLED))
        text_encoder_3 = _t5()
    # The table of positions is float32 whatever the precision; from_pretrained changes that too.
    torch.nn.Module.to(transformer, dtype)
    return StableDiffusion3Pipeline(
        transformer=transformer.eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer(),
        text_encoder_2=text_encoder_2.eval(),
        tokenizer_2=tokenizer(),
        text_encoder_3=text_encoder_3.eval(),
        tokenizer_3=letters(length=_TOKENS),
    )


def _vae() -> AutoencoderKL:
    return autoencoder(channels=16, scaling_factor=1.5305, shift_factor=0.0609)


def _t5() -> T5EncoderModel:
    """Return an encoder as wide as T5 XXL and one layer deep, with one head."""
    return T5EncoderModel(
        T5Config(
            vocab_size=VOCABULARY,
            d_model=_WORDS,
            d_kv=64,
            d_ff=64,
            num_layers=1,
            num_heads=1,
            pad_token_id=PAD,
            eos_token_id=END,
        )
    )


@contextmanager
def _made(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Make models on a device, in a precision, without touching the global random state."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.random.fork_rng(), device:
            yield
    finally:
        torch.set_default_dtype(before)

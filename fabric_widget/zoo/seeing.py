"""Transformers with a vision-language model as text encoder: Krea 2, Nucleus and others."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderKLQwenImage,
    AutoencoderKLQwenImage21,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    NucleusMoEImagePipeline,
    NucleusMoEImageTransformer2DModel,
    QwenImage21Pipeline,
    QwenImage21Transformer2DModel,
)

from fabric_widget.zoo import parts
from fabric_widget.zoo.family import Family, Parts, altered, builder
from fabric_widget.zoo.flux import flux2_vae
from fabric_widget.zoo.tokenizers import AsProcessor, letters

_SMALL: dict[str, Any] = {"height": 16, "width": 16, "num_inference_steps": 2}
_GUIDED: dict[str, Any] = _SMALL | {"guidance_scale": 3.0}


@builder
def krea2() -> Parts:
    kind = altered(
        Krea2Pipeline,
        prompt_template_encode_prefix=34 * ".",  # the pipeline drops so many tokens
        prompt_template_encode_suffix=5 * ".",
    )
    return kind, {
        "transformer": Krea2Transformer2DModel(
            in_channels=16,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=16,
            timestep_embed_dim=16,
            text_hidden_dim=parts.WIDTH,
            num_text_layers=2,
            text_num_attention_heads=2,
            text_num_key_value_heads=2,
            text_intermediate_size=16,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=(4, 4, 8),
        ),
        "scheduler": parts.flow(),
        "vae": parts.frame_vae(AutoencoderKLQwenImage),
        "text_encoder": parts.qwen3_vl().model,
        "tokenizer": letters(end=False),
        "text_encoder_select_layers": (1, 2),
    }


@builder
def nucleus() -> Parts:
    return NucleusMoEImagePipeline, {
        "transformer": NucleusMoEImageTransformer2DModel(
            in_channels=16,
            out_channels=4,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=16,
            axes_dims_rope=(4, 4, 8),
            joint_attention_dim=parts.WIDTH,
            mlp_ratio=6.0,
            dense_moe_strategy="all_moe",
            num_experts=2,
            moe_intermediate_dim=16,
            capacity_factors=1.0,
        ),
        "scheduler": parts.flow(),
        "vae": parts.frame_vae(AutoencoderKLQwenImage),
        "text_encoder": parts.qwen3_vl(),
        "processor": letters(end=False, kind=AsProcessor),
    }


@builder
def qwen_image_21() -> Parts:
    return QwenImage21Pipeline, {
        "transformer": QwenImage21Transformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=16,
            axes_dims_rope=(4, 4, 8),
            context_in_dim=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": parts.frame_vae(AutoencoderKLQwenImage21, halvings=4, decoder_base_dim=8),
        "text_encoder": parts.qwen3_vl(),
        "processor": letters("<|image_pad|>", end=False, kind=AsProcessor),
    }


@builder
def ernie_image() -> Parts:
    return ErnieImagePipeline, {
        "transformer": ErnieImageTransformer2DModel(
            hidden_size=32,
            num_attention_heads=2,
            num_layers=2,
            ffn_hidden_size=32,
            in_channels=16,
            out_channels=16,
            text_in_dim=parts.WIDTH,
            rope_axes_dim=(4, 4, 8),
        ),
        "scheduler": parts.flow(),
        "vae": flux2_vae(),
        "text_encoder": parts.mistral3().model,
        "tokenizer": letters(begin=True, end=False),
    }


FAMILIES = (
    Family("Krea 2", krea2, _GUIDED | {"max_sequence_length": 16}, note="two calls a step"),
    Family(
        "Nucleus",
        nucleus,
        _GUIDED | {"return_index": -1},
        note="two calls a step; image queries only; a mixture of experts",
    ),
    Family(
        "Qwen-Image 2.1",
        qwen_image_21,
        _SMALL | {"height": 64, "width": 64, "true_cfg_scale": 3.0, "negative_prompt": ""},
        note="two calls a step; keeps the text's keys and values; pictures have an alpha channel",
        needs={"use_kv_cache": False},
    ),
    Family("ERNIE-Image", ernie_image, _GUIDED, note="latents in patches, not packed"),
)

"""Relatives of Flux with other text encoders: Bria, Ovis-Image, LongCat-Image."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderKLWan,
    BriaFiboPipeline,
    BriaFiboTransformer2DModel,
    BriaPipeline,
    BriaTransformer2DModel,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
)

from fabric_widget.zoo import parts
from fabric_widget.zoo.family import Family, Parts, altered, builder
from fabric_widget.zoo.tokenizers import letters

_GUIDED: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_SMALL: dict[str, Any] = _GUIDED | {"height": 16, "width": 16}
_SHAPE: dict[str, Any] = {
    "in_channels": 16,
    "num_layers": 1,
    "num_single_layers": 1,
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "axes_dims_rope": [4, 4, 8],
    "joint_attention_dim": parts.WIDTH,
}


@builder
def bria() -> Parts:
    return BriaPipeline, {
        "transformer": BriaTransformer2DModel(**_SHAPE),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


@builder
def bria_fibo() -> Parts:
    return BriaFiboPipeline, {
        "transformer": BriaFiboTransformer2DModel(
            **_SHAPE | {"in_channels": 4, "joint_attention_dim": 2 * parts.WIDTH},
            text_encoder_dim=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": parts.frame_vae(AutoencoderKLWan, halvings=4),
        "text_encoder": parts.smollm3(),
        "tokenizer": letters(begin=True, end=False),
    }


@builder
def ovis_image() -> Parts:
    # The pipeline drops so many tokens.
    return altered(OvisImagePipeline, system_prompt=28 * "."), {
        "transformer": OvisImageTransformer2DModel(**_SHAPE | {"out_channels": 16}),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.qwen3().model,
        "tokenizer": letters(end=False),
    }


@builder
def longcat_image() -> Parts:
    return altered(LongCatImagePipeline, tokenizer_max_length=16), {
        "transformer": LongCatImageTransformer2DModel(
            **_SHAPE | {"in_channels": 64}, pooled_projection_dim=16
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(channels=16),
        "text_encoder": parts.qwen2_5_vl(),
        "tokenizer": letters(end=False),
        "text_processor": None,
    }


FAMILIES = (
    Family("Bria", bria, _SMALL | {"max_sequence_length": 16}),
    Family(
        "Bria FIBO",
        bria_fibo,
        _GUIDED | {"height": 64, "width": 64, "max_sequence_length": 64, "negative_prompt": ""},
        note="every layer reads another layer of the text encoder",
    ),
    Family("Ovis-Image", ovis_image, _SMALL | {"max_sequence_length": 16}, note="two calls a step"),
    Family(
        "LongCat-Image",
        longcat_image,
        _SMALL | {"enable_prompt_rewrite": False},
        note="two calls a step; takes no callback",
    ),
)

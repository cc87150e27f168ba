"""Transformers with joint attention of text and image tokens, over latents that are not packed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    CogVideoXDDIMScheduler,
    CogView3PlusPipeline,
    CogView3PlusTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    PRXPipeline,
    PRXTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, altered, builder
from fabric_widget.zoo.tokenizers import letters

QUICK: dict[str, Any] = {
    "height": 16,
    "width": 16,
    "num_inference_steps": 2,
    "guidance_scale": 3.0,
}
_SHORT: dict[str, Any] = {"max_sequence_length": 16}
_SHAPE: dict[str, Any] = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "num_attention_heads": 2,
    "attention_head_dim": 8,
}


@builder
def sd3() -> Parts:
    return StableDiffusion3Pipeline, {
        "transformer": SD3Transformer2DModel(
            **_SHAPE,
            num_layers=2,
            joint_attention_dim=2 * parts.WIDTH,
            caption_projection_dim=16,
            pooled_projection_dim=2 * parts.WIDTH,
            pos_embed_max_size=24,
            dual_attention_layers=(0,),
            qk_norm="rms_norm",
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.clip_projected(),
        "tokenizer": tiny.tokenizer(),
        "text_encoder_2": parts.clip_projected(),
        "tokenizer_2": tiny.tokenizer(),
        "text_encoder_3": parts.t5(2 * parts.WIDTH),
        "tokenizer_3": letters(),
    }


@builder
def aura_flow() -> Parts:
    return AuraFlowPipeline, {
        "transformer": AuraFlowTransformer2DModel(
            **_SHAPE,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            joint_attention_dim=parts.WIDTH,
            caption_projection_dim=16,
            pos_embed_max_size=64,
        ),
        "scheduler": parts.flow(),
        "vae": parts.vae(),
        "text_encoder": parts.umt5(),
        "tokenizer": letters(),
    }


@builder
def cogview3_plus() -> Parts:
    return CogView3PlusPipeline, {
        "transformer": CogView3PlusTransformer2DModel(
            **_SHAPE,
            num_layers=2,
            text_embed_dim=parts.WIDTH,
            time_embed_dim=8,
            condition_dim=8,
            pos_embed_max_size=24,
        ),
        "scheduler": CogVideoXDDIMScheduler(),
        "vae": parts.vae(),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


@builder
def cogview4() -> Parts:
    return CogView4Pipeline, {
        "transformer": CogView4Transformer2DModel(
            **_SHAPE,
            num_layers=2,
            text_embed_dim=parts.WIDTH,
            time_embed_dim=8,
            condition_dim=8,
            rope_axes_dim=(24, 24),
        ),
        "scheduler": parts.flow(),
        "vae": parts.vae(),
        "text_encoder": parts.glm(),
        "tokenizer": letters(side="left", begin=True, end=False),
    }


@builder
def prx() -> Parts:
    # Its own text cleaning needs a further package.
    cleaning = SimpleNamespace(clean_text=str)
    return altered(PRXPipeline, text_preprocessor=cleaning), {
        "transformer": PRXTransformer2DModel(
            in_channels=4,
            context_in_dim=parts.WIDTH,
            hidden_size=16,
            num_heads=2,
            depth=2,
            axes_dim=[4, 4],
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.t5_gemma(),
        "tokenizer": letters(length=16),
    }


@builder
def hidream() -> Parts:
    # Pictures get the area of a square of this side.
    return altered(HiDreamImagePipeline, default_sample_size=8), {
        "transformer": HiDreamImageTransformer2DModel(
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_single_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            caption_channels=[parts.WIDTH, parts.WIDTH],
            text_emb_dim=2 * parts.WIDTH,
            num_routed_experts=2,
            num_activated_experts=1,
            axes_dims_rope=(4, 2, 2),
            max_resolution=(16, 16),
            llama_layers=(0, 1),
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.clip_projected(),
        "tokenizer": tiny.tokenizer(),
        "text_encoder_2": parts.clip_projected(),
        "tokenizer_2": tiny.tokenizer(),
        "text_encoder_3": parts.t5(),
        "tokenizer_3": letters(),
        "text_encoder_4": parts.llama(),
        "tokenizer_4": letters(begin=True, end=False),
    }


FAMILIES = (
    Family("SD 3", sd3, QUICK | _SHORT, note="some layers attend to image tokens alone as well"),
    Family("AuraFlow", aura_flow, QUICK | _SHORT, note="register tokens before the text"),
    Family("CogView 3+", cogview3_plus, QUICK | _SHORT, note="conditioned on the picture's size"),
    Family("CogView 4", cogview4, QUICK | _SHORT, note="two calls a step"),
    Family(
        "PRX",
        prx,
        QUICK | {"use_resolution_binning": False},
        pictures=1,
        note="text as keys and values beside the image's own; with guidance one picture a call",
    ),
    Family(
        "HiDream",
        hidream,
        QUICK | {"max_sequence_length": parts.CLIP_TOKENS},
        note="mixture of experts; says timesteps",
    ),
)

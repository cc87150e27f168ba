"""Stable Diffusion 3: a transformer over latents that are not packed."""

from __future__ import annotations

from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline

from tests.engine import tiny
from tests.engine.zoo import parts
from tests.engine.zoo.family import Family, Parts, builder
from tests.engine.zoo.tokenizers import letters


@builder
def sd3() -> Parts:
    return StableDiffusion3Pipeline, {
        "transformer": SD3Transformer2DModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=8,
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
        "text_encoder_3": parts.t5(width=2 * parts.WIDTH),
        "tokenizer_3": letters(),
    }


FAMILIES = (
    Family(
        "SD 3",
        sd3,
        {
            "height": 16,
            "width": 16,
            "num_inference_steps": 2,
            "guidance_scale": 3.0,
            "max_sequence_length": 16,
        },
        note="text and image tokens in one attention, image tokens alone in a second one",
    ),
)

"""Stable Cascade: a prior follows the prompt, and a second model decodes its latents."""

from __future__ import annotations

from typing import Any

from diffusers import DDPMWuerstchenScheduler, StableCascadeCombinedPipeline, StableCascadeUNet
from diffusers.pipelines.stable_cascade.pipeline_stable_cascade import PaellaVQModel

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, builder

_SHAPE: dict[str, Any] = {
    "conditioning_dim": parts.WIDTH,
    "block_out_channels": (16, 16),
    "num_attention_heads": (2, 2),
    "down_num_layers_per_block": (1, 1),
    "up_num_layers_per_block": (1, 1),
    "clip_text_pooled_in_channels": parts.WIDTH,
    "clip_seq": 2,
}


@builder
def stable_cascade() -> Parts:
    return StableCascadeCombinedPipeline, {
        "prior_prior": StableCascadeUNet(
            **_SHAPE,
            in_channels=4,
            out_channels=4,
            clip_text_in_channels=parts.WIDTH,
            clip_image_in_channels=parts.WIDTH,
        ),
        "prior_scheduler": DDPMWuerstchenScheduler(),
        "prior_text_encoder": parts.clip_projected(),
        "prior_tokenizer": tiny.tokenizer(),
        "decoder": StableCascadeUNet(
            **_SHAPE,
            in_channels=4,
            out_channels=4,
            patch_size=2,
            effnet_in_channels=4,
            timestep_conditioning_type=("sca",),
        ),
        "scheduler": DDPMWuerstchenScheduler(),
        "text_encoder": parts.clip_projected(),
        "tokenizer": tiny.tokenizer(),
        "vqgan": PaellaVQModel(bottleneck_blocks=1, embed_dim=8, num_vq_embeddings=8),
    }


FAMILIES = (
    Family(
        "Stable Cascade",
        stable_cascade,
        {
            "height": 128,
            "width": 128,
            "num_inference_steps": 2,
            "prior_num_inference_steps": 2,
            "prior_guidance_scale": 3.0,
        },
        note="two denoisers, neither of them named as in other families",
        able=False,
    ),
)

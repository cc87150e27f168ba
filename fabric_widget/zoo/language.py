"""Transformers that read the prompt with a language model: Z-Image, Lumina, Qwen-Image."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AdaptiveProjectedMixGuidance,
    AutoencoderKLHunyuanImage,
    AutoencoderKLQwenImage,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, altered, builder
from fabric_widget.zoo.tokenizers import letters

_STEPS: dict[str, Any] = {"num_inference_steps": 2}


def _after(tokens: int) -> str:
    """Return a prompt template whose first `tokens` tokens, which the pipeline drops, are dots."""
    return tokens * "." + "{}\n"


@builder
def z_image() -> Parts:
    return ZImagePipeline, {
        "transformer": ZImageTransformer2DModel(
            in_channels=4,
            dim=16,
            n_layers=2,
            n_refiner_layers=1,
            n_heads=1,
            n_kv_heads=1,
            cap_feat_dim=parts.WIDTH,
            axes_dims=[8, 4, 4],
            axes_lens=[128, 32, 32],
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(),
        "text_encoder": parts.qwen3(),
        "tokenizer": letters(),
    }


@builder
def lumina2() -> Parts:
    return Lumina2Pipeline, {
        "transformer": Lumina2Transformer2DModel(
            sample_size=8,
            in_channels=4,
            hidden_size=16,
            num_layers=2,
            num_refiner_layers=1,
            num_attention_heads=1,
            num_kv_heads=1,
            multiple_of=16,
            axes_dim_rope=(8, 4, 4),
            axes_lens=(300, 32, 32),
            cap_feat_dim=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(halvings=3),
        "text_encoder": parts.gemma2(),
        "tokenizer": letters(begin=True, end=False),
    }


@builder
def qwen_image() -> Parts:
    return altered(QwenImagePipeline, prompt_template_encode=_after(34)), {
        "transformer": QwenImageTransformer2DModel(
            in_channels=16,
            out_channels=4,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=16,
            axes_dims_rope=(4, 4, 8),
            joint_attention_dim=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": parts.frame_vae(AutoencoderKLQwenImage),
        "text_encoder": parts.qwen2_5_vl(),
        "tokenizer": letters(end=False),
    }


@builder
def hunyuan_image() -> Parts:
    return altered(
        HunyuanImagePipeline, prompt_template_encode=_after(34), tokenizer_max_length=16
    ), {
        "transformer": HunyuanImageTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            rope_axes_dim=(4, 4),
            text_embed_dim=parts.WIDTH,
            text_embed_2_dim=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": AutoencoderKLHunyuanImage(
            in_channels=3,
            out_channels=3,
            latent_channels=4,
            block_out_channels=(32, 32),
            layers_per_block=1,
            spatial_compression_ratio=2,
            sample_size=16,
            scaling_factor=0.4,
        ),
        "text_encoder": parts.qwen2_5_vl(),
        "tokenizer": letters(end=False),
        "text_encoder_2": parts.t5(),
        "tokenizer_2": letters(),
        "guider": AdaptiveProjectedMixGuidance(guidance_scale=3.0),
    }


@builder
def kandinsky5() -> Parts:
    sizes = [(64, 64), (64, 128), (128, 64)]  # instead of resolutions of a million pixels
    return altered(Kandinsky5T2IPipeline, prompt_template=_after(40), resolutions=sizes), {
        "transformer": Kandinsky5Transformer3DModel(
            in_text_dim=parts.WIDTH,
            in_text_dim2=parts.WIDTH,
            time_dim=16,
            model_dim=16,
            ff_dim=16,
            num_text_blocks=1,
            num_visual_blocks=2,
            axes_dims=(4, 2, 2),
        ),
        "scheduler": parts.flow(),
        "vae": parts.flow_vae(halvings=3),
        "text_encoder": parts.qwen2_5_vl(),
        "tokenizer": letters(end=False),
        "text_encoder_2": parts.clip(tokens=77),
        "tokenizer_2": tiny.tokenizer(),
    }


FAMILIES = (
    Family(
        "Z-Image",
        z_image,
        _STEPS | {"height": 16, "width": 16, "guidance_scale": 3.0, "max_sequence_length": 32},
        note="lists of pictures and texts; the conditional half first",
    ),
    Family(
        "Lumina 2",
        lumina2,
        _STEPS
        | {
            "height": 64,
            "width": 64,
            "guidance_scale": 3.0,
            "system_prompt": "draw",
            "max_sequence_length": 64,
        },
        note="two calls a step; text mask",
    ),
    Family(
        "Qwen-Image",
        qwen_image,
        _STEPS | {"height": 16, "width": 16, "true_cfg_scale": 3.0, "negative_prompt": ""},
        note="two calls a step; packed latents",
    ),
    Family(
        "HunyuanImage",
        hunyuan_image,
        _STEPS | {"height": 16, "width": 16},
        note="two calls a step, ordered by a guider",
    ),
    Family(
        "Kandinsky 5",
        kandinsky5,
        _STEPS | {"height": 64, "width": 64, "guidance_scale": 3.0},
        note="two calls a step; pictures are films of one frame",
    ),
)

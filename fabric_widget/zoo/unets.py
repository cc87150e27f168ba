"""The families whose denoiser is a U-Net."""

from __future__ import annotations

import functools
from typing import Any

import torch
from diffusers import (
    IFPipeline,
    Kandinsky3Pipeline,
    Kandinsky3UNet,
    KandinskyV22CombinedPipeline,
    LatentConsistencyModelPipeline,
    PriorTransformer,
    UnCLIPScheduler,
    UNet2DConditionModel,
    VQModel,
)

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, builder
from fabric_widget.zoo.tokenizers import VOCABULARY, WithPositions, letters

QUICK: dict[str, Any] = {
    "height": tiny.SIDE,
    "width": tiny.SIDE,
    "num_inference_steps": 2,
    "guidance_scale": 3.0,
}


@builder
def lcm() -> Parts:
    components = tiny.pipeline("SD 1", "LCM").components
    return LatentConsistencyModelPipeline, {
        **components,
        "unet": tiny.unet(time_cond_proj_dim=8),
        "requires_safety_checker": False,
    }


@builder
def kolors() -> Parts:
    # Their import warns, which is passed over here only; the tokenizer that diffusers itself would
    # want needs a package that may be absent.
    from diffusers.pipelines.kolors.pipeline_kolors import KolorsPipeline
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel

    text_encoder = ChatGLMModel(
        ChatGLMConfig(
            num_layers=2,
            padded_vocab_size=VOCABULARY,
            hidden_size=parts.WIDTH,
            ffn_hidden_size=parts.WIDTH,
            kv_channels=8,
            num_attention_heads=2,
            seq_length=16,
            add_qkv_bias=True,
            multi_query_attention=True,
            original_rope=True,
        )
    )
    for name, weight in text_encoder.named_parameters():
        if weight.dim() == 1:  # it leaves them as the memory was
            torch.nn.init.constant_(weight, float(name.endswith("weight")))
    return KolorsPipeline, {
        "unet": tiny.unet(
            encoder_hid_dim=parts.WIDTH,
            encoder_hid_dim_type="text_proj",
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + parts.WIDTH,
        ),
        "scheduler": tiny.scheduler("Euler"),
        "vae": parts.vae(),
        "text_encoder": text_encoder,
        "tokenizer": letters(begin=True, end=False, side="left", kind=WithPositions),
    }


@builder
def deepfloyd() -> Parts:
    return IFPipeline, {
        "unet": UNet2DConditionModel(
            sample_size=8,
            in_channels=3,
            out_channels=6,
            block_out_channels=(8, 16),
            layers_per_block=1,
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            cross_attention_dim=parts.WIDTH,
            attention_head_dim=4,
            norm_num_groups=4,
            addition_embed_type="text",
            addition_embed_type_num_heads=2,
            encoder_hid_dim=parts.WIDTH,
        ),
        "scheduler": parts.ddpm(variance_type="learned_range"),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
        "safety_checker": None,
        "feature_extractor": None,
        "watermarker": None,
        "requires_safety_checker": False,
    }


def _movq(halvings: int) -> Any:
    blocks = halvings + 1
    return VQModel(
        block_out_channels=(32,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=4,
        vq_embed_dim=4,
        num_vq_embeddings=8,
        norm_type="spatial",
    )


@builder
def kandinsky22() -> Parts:
    return KandinskyV22CombinedPipeline, {
        "unet": tiny.unet(
            out_channels=8,
            encoder_hid_dim=parts.WIDTH,
            encoder_hid_dim_type="image_proj",
            addition_embed_type="image",
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            resnet_time_scale_shift="scale_shift",
        ),
        "scheduler": parts.ddpm(),
        "movq": _movq(halvings=1),
        "prior_prior": PriorTransformer(
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=1,
            embedding_dim=parts.WIDTH,
            num_embeddings=parts.CLIP_TOKENS,
        ),
        "prior_image_encoder": parts.clip_vision(),
        "prior_text_encoder": parts.clip_projected(),
        "prior_tokenizer": tiny.tokenizer(),
        "prior_scheduler": UnCLIPScheduler(
            variance_type="fixed_small_log",
            prediction_type="sample",
            clip_sample_range=5.0,
        ),
        "prior_image_processor": parts.clip_image_processor(),
    }


@builder
def kandinsky3() -> Parts:
    return Kandinsky3Pipeline, {
        "unet": Kandinsky3UNet(
            time_embedding_dim=16,
            groups=2,
            attention_head_dim=4,
            layers_per_block=2,
            block_out_channels=(8, 8, 8, 8),
            cross_attention_dim=8,
            encoder_hid_dim=parts.WIDTH,
        ),
        "scheduler": parts.ddpm(),
        "movq": _movq(halvings=3),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


FAMILIES = (
    *(Family(name, functools.partial(tiny.pipeline, name), QUICK) for name in tiny.FAMILIES),
    Family("LCM", lcm, QUICK, guided=False, note="guidance as an embedding"),
    Family(
        "Kolors",
        kolors,
        QUICK | {"max_sequence_length": 16},
        note="conditioned on the picture's size",
    ),
    Family(
        "DeepFloyd IF",
        deepfloyd,
        {"num_inference_steps": 2, "guidance_scale": 3.0, "clean_caption": False},
        note="works in pixels; takes no callback at the end of a step",
    ),
    Family(
        "Kandinsky 2.2",
        kandinsky22,
        # It would hand its own default to an argument that is deprecated.
        QUICK | {"prior_num_inference_steps": 2, "callback_steps": None},
        note="a prior makes an image embedding of the prompt",
    ),
    Family(
        "Kandinsky 3",
        kandinsky3,
        QUICK | {"height": 64, "width": 64},
        note="text mask",
    ),
)

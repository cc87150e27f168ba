"""Tiny pipelines of Stable Diffusion and SDXL with random weights, for any scheduler."""

from __future__ import annotations

import copy
import functools
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    UniPCMultistepScheduler,
)
from transformers import CLIPTokenizer

from fabric_widget.zoo import parts

SIDE = 16  # pixels; 8 × 8 latents
WIDTH = parts.WIDTH  # of the text encoders
TOKENS = parts.CLIP_TOKENS

_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
_STEPPED = {"steps_offset": 1, "clip_sample": False}
SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "DDIM": (DDIMScheduler, _STEPPED),
    "DDPM": (DDPMScheduler, _STEPPED),
    "PNDM": (PNDMScheduler, {"skip_prk_steps": True, "steps_offset": 1}),
    "Euler": (EulerDiscreteScheduler, {"steps_offset": 1}),
    "Euler ancestral": (EulerAncestralDiscreteScheduler, {"steps_offset": 1}),
    "Heun": (HeunDiscreteScheduler, {"steps_offset": 1}),
    "DPM++ 2M": (DPMSolverMultistepScheduler, {"steps_offset": 1}),
    "DPM++ 2M Karras": (
        DPMSolverMultistepScheduler,
        {"use_karras_sigmas": True, "steps_offset": 1},
    ),
    "UniPC": (UniPCMultistepScheduler, {"steps_offset": 1}),
    "LCM": (LCMScheduler, {"steps_offset": 1}),
}
FAMILIES = ("SD 1", "SD 2", "SDXL")


def scheduler(name: str, prediction_type: str = "epsilon") -> Any:
    """Return a fresh scheduler by its name in `SCHEDULERS`."""
    kind, settings = SCHEDULERS[name]
    return kind(**_BETAS, prediction_type=prediction_type, **settings)


def tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer of letters and digits."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{x}</w>" for x in letters)]
    vocabulary = {word: i for i, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=TOKENS)


def vae(levels: int = 2) -> AutoencoderKL:
    """Return an autoencoder; each level but the first halves the sides."""
    model: AutoencoderKL = parts.vae(halvings=levels - 1).eval()
    return model


def unet(**settings: Any) -> UNet2DConditionModel:
    """Return a denoiser with attention at two resolutions."""
    common: dict[str, Any] = {
        "sample_size": SIDE // 2,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 2,
        "norm_num_groups": 4,
    }
    return UNet2DConditionModel(**common | settings).eval()


def pipeline(family: str = "SD 1", sampler: str = "DDIM") -> Any:
    """Return a pipeline of one of `FAMILIES` with one of `SCHEDULERS`; always the same weights."""
    kind, components = _parts(family)
    own = {name: copy.deepcopy(part) for name, part in components.items()}
    prediction_type = "v_prediction" if family == "SD 2" else "epsilon"
    pipe = kind(scheduler=scheduler(sampler, prediction_type), **own)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@functools.cache
def _parts(family: str) -> tuple[Any, dict[str, Any]]:
    """Return the class of a pipeline and its components except the scheduler."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if family == "SDXL":
            return StableDiffusionXLPipeline, _xl()
        return StableDiffusionPipeline, _plain(linear=family == "SD 2")


def _plain(*, linear: bool) -> dict[str, Any]:
    return {
        "vae": vae(),
        "text_encoder": parts.clip().eval(),
        "tokenizer": tokenizer(),
        "unet": unet(use_linear_projection=linear),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def _xl() -> dict[str, Any]:
    return {
        "vae": vae(),
        "text_encoder": parts.clip().eval(),
        "text_encoder_2": parts.clip_projected().eval(),
        "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer(),
        "unet": unet(
            cross_attention_dim=2 * WIDTH,
            use_linear_projection=True,
            transformer_layers_per_block=(1, 2),
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        ),
        "add_watermarker": False,
    }

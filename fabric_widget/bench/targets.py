"""Pipelines to measure: the demo model, and denoisers of full size with random weights.

The cost of a step does not depend on the weights. Text encoders and autoencoders are tiny: they run
once a round and are no part of a step. A prompt has as many tokens as in the real pipelines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from diffusers import (
    DDIMScheduler,
    EulerDiscreteScheduler,
    FluxPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from PIL import Image
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from fabric_widget.bench import transformer_targets
from fabric_widget.bench.parts import autoencoder, text, tokenizer
from fabric_widget.demo import load_demo
from fabric_widget.engine import GeneratedImage
from fabric_widget.engine.pipeline.denoiser import Denoiser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.bench.plan import Plan

_PACKED = 4  # latents in a token of Flux
_WORDS, _MORE_WORDS, _SIZES = 768, 1280, 256  # channels of the embeddings of texts and sizes
_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
# https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5, unet/config.json
_SD15 = {
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": _WORDS,
    "attention_head_dim": 8,
}
# https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0, unet/config.json
_SDXL = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": _WORDS + _MORE_WORDS,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": _SIZES,
    "projection_class_embeddings_input_dim": _MORE_WORDS + 6 * _SIZES,
}


@dataclass(frozen=True)
class TargetPipeline:
    """A pipeline with the arguments of its call.

    Parameters
    ----------
    pipe
        A Stable Diffusion or Flux pipeline, without a progress bar.
    pictures
        Of one round.
    arguments
        The pipeline's own.
    """

    pipe: Any
    pictures: int
    arguments: Mapping[str, Any]

    @property
    def steps(self) -> int:
        """Number of denoising steps."""
        steps: int = self.arguments["num_inference_steps"]
        return steps

    @property
    def device(self) -> torch.device:
        """Where the pipeline runs."""
        device: torch.device = self.pipe.device
        return device

    @property
    def denoiser(self) -> Any:  # noqa: ANN401  (a model of diffusers)
        """The UNet or the transformer."""
        return Denoiser(self.pipe).module

    def references(self, count: int) -> list[GeneratedImage]:
        """Return different references of the size of the pictures: noise costs what pictures do."""
        height, width = (
            self.arguments[name] // self.pipe.vae_scale_factor for name in ("height", "width")
        )
        shape: tuple[int, ...] = (self.denoiser.config.in_channels, height, width)
        if isinstance(self.pipe, FluxPipeline):  # two by two latents are one token
            shape = (height * width // _PACKED, self.denoiser.config.in_channels)
        generator = torch.Generator().manual_seed(0)
        size = {name: self.arguments[name] for name in ("height", "width")}
        return [
            GeneratedImage(
                Image.new("RGB", (1, 1)),
                torch.randn(shape, generator=generator),
                seed=i,
                prompt="",
                settings=size,
            )
            for i in range(count)
        ]


def build(plan: Plan) -> TargetPipeline:
    """Return a target's pipeline on its device, with its arguments."""
    pipe = _BUILDERS[plan.target.name](torch.device(plan.device), getattr(torch, plan.dtype))
    pipe.set_progress_bar_config(disable=True)
    side = plan.size.latent * pipe.vae_scale_factor
    return TargetPipeline(
        pipe,
        plan.size.pictures,
        {
            "height": side,
            "width": side,
            "num_inference_steps": plan.size.steps,
            "guidance_scale": plan.target.guidance,
        },
    )


def _demo(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401  (a pipeline)
    return load_demo(device=device, dtype=dtype)


def _sd15(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    with torch.random.fork_rng(), device:
        parts = {
            "unet": UNet2DConditionModel(**_SD15),
            "vae": autoencoder(),
            "text_encoder": CLIPTextModel(text(_WORDS)),
        }
    return StableDiffusionPipeline(
        **_ready(parts, dtype),
        tokenizer=tokenizer(),
        scheduler=DDIMScheduler(**_BETAS, steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl(device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    with torch.random.fork_rng(), device:
        parts = {
            "unet": UNet2DConditionModel(**_SDXL),
            "vae": autoencoder(),
            "text_encoder": CLIPTextModel(text(_WORDS)),
            "text_encoder_2": CLIPTextModelWithProjection(text(_MORE_WORDS)),
        }
    return StableDiffusionXLPipeline(
        **_ready(parts, dtype),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        scheduler=EulerDiscreteScheduler(**_BETAS, steps_offset=1),
        add_watermarker=False,
    )


_BUILDERS = {
    "demo": _demo,
    "sd15": _sd15,
    "sdxl": _sdxl,
    "sd35-medium": transformer_targets.sd35_medium,
    "sd35-large": transformer_targets.sd35_large,
    "flux": transformer_targets.flux,
}


def _ready(parts: Mapping[str, torch.nn.Module], dtype: torch.dtype) -> dict[str, torch.nn.Module]:
    # diffusers' own `to` warns of modules that it would keep in float32, even of none.
    return {name: torch.nn.Module.to(part, dtype).eval() for name, part in parts.items()}

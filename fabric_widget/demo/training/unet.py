"""Train the denoiser on latents and captions, by v-prediction with zero terminal SNR.

With the usual noise schedule some of the mean colour survives the last step. A model trained with
it expects that colour, does not find it in pure noise, and makes grey pictures (Lin et al., arXiv
2305.08891). People vote on colour here, so the schedule ends in pure noise.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from fabric_widget.demo.scenes import caption

from .loop import step_seed, train, zero_residual_branches
from .text import token_ids

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import CLIPTextModel, CLIPTokenizer

    from .pictures import Pictures
    from .recipe import Recipe


def build(recipe: Recipe) -> UNet2DConditionModel:
    """Make the untrained denoiser: cross- and self-attention at both of its levels."""
    levels = len(recipe.unet_channels)
    unet = UNet2DConditionModel(
        sample_size=recipe.resolution // 2 ** (len(recipe.vae_channels) - 1),
        in_channels=recipe.latent_channels,
        out_channels=recipe.latent_channels,
        layers_per_block=1,
        block_out_channels=recipe.unet_channels,
        down_block_types=("CrossAttnDownBlock2D",) * levels,
        up_block_types=("CrossAttnUpBlock2D",) * levels,
        cross_attention_dim=recipe.text_width,
        attention_head_dim=2,
        norm_num_groups=16,
    )
    zero_residual_branches(unet)
    torch.nn.init.zeros_(unet.conv_out.weight)
    return unet


def scheduler() -> DDIMScheduler:
    """Return the scheduler for training and sampling."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        steps_offset=1,  # what Stable Diffusion pipelines expect; trailing steps do not use it
    )


def fit(
    recipe: Recipe,
    pictures: Pictures,
    latents: torch.Tensor,
    words: CLIPTokenizer,
    encoder: CLIPTextModel,
    folder: Path,
    device: torch.device,
) -> UNet2DConditionModel:
    """Train the denoiser on `latents` (n, c, h, w) of `pictures` and fresh captions of them."""
    torch.manual_seed(recipe.seed)
    unet = build(recipe).to(device)
    noise_schedule = scheduler()
    steps = noise_schedule.config.num_train_timesteps

    def loss(step: int, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(step_seed(recipe.seed, step))
        chosen = torch.randint(len(pictures), (recipe.unet.batch,), generator=generator)
        captions = [
            "" if rng.random() < recipe.prompt_dropout else caption(pictures.scenes[i], rng)
            for i in chosen.tolist()
        ]
        clean = latents[chosen]
        noise = torch.randn(clean.shape, generator=generator)
        times = torch.randint(steps, (len(chosen),), generator=generator)
        noised = noise_schedule.add_noise(clean, noise, times)
        target = noise_schedule.get_velocity(clean, noise, times)
        with torch.no_grad():
            embeddings = encoder(token_ids(words, captions).to(device))[0]
        noised = noised.to(device, memory_format=torch.channels_last)
        prediction = unet(noised, times.to(device), embeddings).sample
        value = torch.nn.functional.mse_loss(prediction, target.to(device))
        return value, {}

    train("unet", recipe.unet, unet, loss, folder, seed=recipe.seed)
    return unet

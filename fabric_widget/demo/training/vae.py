"""Train the autoencoder: pictures to latents with a quarter of their side, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from .loop import progress, train, zero_residual_branches

if TYPE_CHECKING:
    from pathlib import Path

    from .pictures import Pictures
    from .recipe import Recipe


def build(recipe: Recipe) -> AutoencoderKL:
    """Make the untrained autoencoder. Without attention, which would take half of the time."""
    levels = len(recipe.vae_channels)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=recipe.vae_channels,
        layers_per_block=1,
        latent_channels=recipe.latent_channels,
        # One group: narrow groups would remove the colour of a uniform picture.
        norm_num_groups=1,
        sample_size=recipe.resolution,
        mid_block_add_attention=False,
    )
    zero_residual_branches(vae)
    return vae


def fit(recipe: Recipe, pictures: Pictures, folder: Path, device: torch.device) -> AutoencoderKL:
    """Train the autoencoder and set its scaling factor so that latents have unit variance."""
    torch.manual_seed(recipe.seed)
    vae = build(recipe).to(device)

    def loss(_step: int, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        chosen = torch.randint(len(pictures), (recipe.vae.batch,), generator=generator)
        x = pictures.tensor(chosen).to(device, memory_format=torch.channels_last)
        posterior = vae.encode(x).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator).to(device)
        y = vae.decode(posterior.mean + posterior.std * noise).sample
        pixels = functional.l1_loss(y, x)
        edges = sum(functional.l1_loss(a, b) for a, b in zip(_edges(y), _edges(x), strict=True))
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        total = pixels + recipe.vae_edges * edges + recipe.vae_kl * kl
        return total, {"l1": pixels.item(), "kl": kl.item()}

    train("vae", recipe.vae, vae, loss, folder, seed=recipe.seed)
    vae.register_to_config(scaling_factor=1.0)
    std = encode(vae, pictures, count=1024).std().item()
    vae.register_to_config(scaling_factor=1 / std)
    return vae


def latents(vae: AutoencoderKL, pictures: Pictures, folder: Path) -> torch.Tensor:
    """Return the scaled mean latents of all pictures; kept in `folder` for the next run."""
    path = folder / "latents.pt"
    if not path.exists():
        torch.save(encode(vae, pictures), path)
    kept: torch.Tensor = torch.load(path, weights_only=True)
    return kept


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: Pictures, count: int | None = None) -> torch.Tensor:
    """Return the scaled mean latents of the first `count` pictures, (n, c, h, w) float32."""
    batch, parts = 128, []
    for i in progress(range(0, count or len(pictures), batch), "latents"):
        x = pictures.tensor(slice(i, i + batch)).to(vae.device)
        parts.append(vae.encode(x).latent_dist.mean.cpu())
    scale: float = vae.config.scaling_factor
    return torch.cat(parts) * scale


def _edges(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]

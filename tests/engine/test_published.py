"""The engine against the published arithmetic, written independently, on whole random models.

Hidden states before every self-attention are stored in a pass over the noised references, joined to
those of the picture before keys and values are projected, and the attention probabilities of the
references multiplied by the weight and normalised again.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.models.attention import BasicTransformerBlock

from fabric_widget.engine import GeneratedImage, Schedule, TokenBudget
from fabric_widget.engine.fingerprint import seed_of
from fabric_widget.zoo import tiny
from tests.engine.rounds import published

TOLERANCE = 1e-5
STEPS = 3
GUIDANCE = 3.0
SEED = 11
WEIGHT = 0.8
NEGATIVE_WEIGHT = 0.4


class Published:
    """The self-attention of a UNet's blocks, as the authors change it."""

    def __init__(self, unet: torch.nn.Module) -> None:
        self.layers = [m.attn1 for m in unet.modules() if isinstance(m, BasicTransformerBlock)]
        self.stored: list[torch.Tensor] = []
        self.storing = True
        self.likes = 0
        for layer in self.layers:
            layer.forward = self.forward_of(layer)

    def forward_of(self, layer: Any) -> Any:
        plain = layer.forward

        def forward(hidden: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            if self.storing:
                self.stored.append(hidden.clone())
                result: torch.Tensor = plain(hidden, *args, **kwargs)
                return result
            stored = self.stored.pop(0)
            unconditional, conditional = hidden.chunk(2)
            return torch.cat(
                [
                    self.joined(layer, unconditional, stored[self.likes :], NEGATIVE_WEIGHT),
                    self.joined(layer, conditional, stored[: self.likes], WEIGHT),
                ]
            )

        return forward

    @staticmethod
    def joined(
        layer: Any,
        hidden: torch.Tensor,
        stored: torch.Tensor,
        weight: float,
    ) -> torch.Tensor:
        b, n, c = hidden.shape
        context = torch.cat([hidden, stored.reshape(1, -1, c).expand(b, -1, -1)], 1)
        q, k, v = (
            layer.head_to_batch_dim(project(x))
            for project, x in (
                (layer.to_q, hidden),
                (layer.to_k, context),
                (layer.to_v, context),
            )
        )
        p = layer.get_attention_scores(q, k, None)
        p[..., n:] *= weight
        p = p / p.sum(-1, keepdim=True)
        projected: torch.Tensor = layer.to_out[0](layer.batch_to_head_dim(p @ v))
        return projected


def conditioning(pipe: Any, prompt: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return embeddings and whatever else the denoiser is told about one prompt."""
    if not hasattr(pipe, "text_encoder_2"):
        return pipe.encode_prompt(prompt, "cpu", 1, do_classifier_free_guidance=False)[0], {}
    words, _, pooled, _ = pipe.encode_prompt(prompt, do_classifier_free_guidance=False)
    side = float(tiny.SIDE)
    sizes = torch.tensor([[side, side, 0.0, 0.0, side, side]])
    return words, {"text_embeds": pooled, "time_ids": sizes}


def unconditional(pipe: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    words, more = conditioning(pipe, "")
    if more:  # this family's unconditional embedding is all zeros
        words, more = torch.zeros_like(words), more | {"text_embeds": more["text_embeds"] * 0}
    return words, more


def repeated(part: tuple[torch.Tensor, dict[str, torch.Tensor]], n: int) -> Any:
    words, more = part
    return words.repeat(n, 1, 1), {name: x.repeat(n, 1) for name, x in more.items()}


@torch.no_grad()
def published_latents(
    pipe: Any,
    prompt: str,
    pictures: int,
    liked: list[GeneratedImage],
    disliked: list[GeneratedImage],
) -> torch.Tensor:
    """Sample with feedback by the published method and deterministic Euler steps."""
    references = torch.stack([image.latents for image in (*liked, *disliked)])
    noise = torch.cat(
        [
            torch.randn(1, *image.latents.shape, generator=torch.Generator().manual_seed(seed))
            for image in (*liked, *disliked)
            for seed in [seed_of(image.id)]
        ]
    )
    null, null_more = repeated(conditioning(pipe, ""), len(references))
    parts = [repeated(part, pictures) for part in (unconditional(pipe), conditioning(pipe, prompt))]
    words = torch.cat([part[0] for part in parts])
    more = {name: torch.cat([part[1][name] for part in parts]) for name in null_more}
    attention = Published(pipe.unet)
    attention.likes = len(liked)
    scheduler = tiny.scheduler("Euler", pipe.scheduler.config.prediction_type)
    scheduler.set_timesteps(STEPS)
    latents: torch.Tensor = scheduler.init_noise_sigma * torch.cat(
        [
            torch.randn(1, *references.shape[1:], generator=torch.Generator().manual_seed(SEED + i))
            for i in range(pictures)
        ]
    )
    for i, t in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[i]
        to_model = 1 / (sigma**2 + 1).sqrt()
        attention.storing = True
        noisy = (references + sigma * noise) * to_model
        pipe.unet(noisy, t, null, added_cond_kwargs=null_more)
        attention.storing = False
        both = torch.cat([latents, latents]) * to_model
        out_u, out_c = pipe.unet(both, t, words, added_cond_kwargs=more).sample.chunk(2)
        out = out_u + GUIDANCE * (out_c - out_u)
        if scheduler.config.prediction_type == "epsilon":
            slope = out
        else:
            clean = latents / (sigma**2 + 1) - out * sigma / (sigma**2 + 1).sqrt()
            slope = (latents - clean) / sigma
        latents = latents + slope * (scheduler.sigmas[i + 1] - sigma)
    return latents


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize(("likes", "dislikes"), [(2, 3), (1, 1)])
def test_whole_run_is_the_published_one(family: str, likes: int, dislikes: int) -> None:
    pipe = tiny.pipeline(family, "Euler")
    fabric = published(pipe, schedule=Schedule.paper(), token_budget=TokenBudget.exact())
    settings: dict[str, Any] = {"num_inference_steps": STEPS, "guidance_scale": GUIDANCE}
    first = fabric("a cat", num_images=likes + dislikes, seed=1, **settings)
    # Latents of a trained model have unit scale; those of a random one are brought to it.
    images = [
        GeneratedImage(image.image, image.latents / image.latents.std(), 0, "") for image in first
    ]
    liked, disliked = images[:likes], images[likes:]
    ours = fabric("a cat", num_images=2, seed=SEED, liked=liked, disliked=disliked, **settings)
    plain = fabric("a cat", num_images=2, seed=SEED, **settings)
    expected = published_latents(pipe, "a cat", 2, liked, disliked)
    got, without = (torch.stack([i.latents for i in r]) for r in (ours, plain))
    scale = expected.abs().max()
    assert (got - expected).abs().max() <= TOLERANCE * scale
    assert (without - expected).abs().max() > 1000 * TOLERANCE * scale

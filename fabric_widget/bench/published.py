"""FABRIC as it was published (arXiv 2307.10159), for UNets: the engine is compared with it.

At every step all references are noised and go through the denoiser with the null prompt, as one
batch; the hidden states that enter each self-attention are kept. In the denoiser call that follows,
they are concatenated to the picture's own, for each row of the batch. Keys and values of all are
projected, and a bias, the logarithm of the weight, is added to the scores of the references.

The published code also copies the hidden states to the CPU and back (`offload`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import AttnProcessor2_0

from fabric_widget.engine.fingerprint import seed_of
from fabric_widget.engine.pipeline.restore import processors, swapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import GeneratedImage, Schedule


@dataclass(frozen=True)
class _Branch:
    """Rows of the batch, the references that they read, and the logarithm of their weight."""

    rows: slice
    references: slice
    log_weight: float


class _JoiningProcessor:
    """Attention processor of self-attention: keeps hidden states, or attends to kept ones."""

    def __init__(self, *, offload: bool) -> None:
        self._plain = AttnProcessor2_0()
        self._offload = offload
        self._kept: torch.Tensor | None = None
        self.keeping = False
        self.branches: Sequence[_Branch] = ()

    def __call__(
        self,
        attn: Any,  # noqa: ANN401  (diffusers' Attention)
        hidden_states: torch.Tensor,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Attend; shapes as in diffusers."""
        if self.keeping:
            self._kept = hidden_states.cpu() if self._offload else hidden_states
        if self.keeping or self._kept is None:
            return self._attend(attn, hidden_states, **kwargs)
        kept, self._kept = self._kept.to(hidden_states.device), None
        return torch.cat(
            [
                self._attend_jointly(
                    attn, hidden_states[branch.rows], kept[branch.references], branch.log_weight
                )
                for branch in self.branches
            ]
        )

    def _attend_jointly(
        self,
        attn: Any,  # noqa: ANN401
        hidden_states: torch.Tensor,
        references: torch.Tensor,
        log_weight: float,
    ) -> torch.Tensor:
        if not len(references):
            return self._attend(attn, hidden_states)
        rows, tokens, _ = hidden_states.shape
        others = references.flatten(0, 1).expand(rows, -1, -1)
        context = torch.cat([hidden_states, others], dim=1)
        bias = hidden_states.new_zeros(rows, 1, context.shape[1])
        bias[..., tokens:] = log_weight
        return self._attend(attn, hidden_states, encoder_hidden_states=context, attention_mask=bias)

    def _attend(
        self,
        attn: Any,  # noqa: ANN401
        hidden_states: torch.Tensor,
        **kwargs: Any,
    ) -> torch.Tensor:
        attended: torch.Tensor = self._plain(attn, hidden_states, **kwargs)
        return attended


class Published:
    """A UNet pipeline with feedback by the published method.

    The noise of a reference is the engine's, the same at every step, so that the engine without a
    budget (`TokenBudget.exact`) makes the same pictures. The authors draw new noise at every step,
    at the same cost.

    Parameters
    ----------
    pipe
        A pipeline of the Stable Diffusion 1.x, 2.x or XL family.
    schedule
        How strongly references count. All layers count alike: `bottleneck_scale` must be 1.
    offload
        Whether hidden states are copied to the CPU and back, as the authors' code does.

    Raises
    ------
    ValueError
        `schedule` has another `bottleneck_scale`.
    """

    def __init__(self, pipe: Any, schedule: Schedule, *, offload: bool = False) -> None:  # noqa: ANN401  (any UNet pipeline)
        if schedule.bottleneck_scale != 1:
            message = f"bottleneck_scale is {schedule.bottleneck_scale}: give a schedule with 1"
            raise ValueError(message)
        self._pipe = pipe
        self._schedule = schedule
        layers = [m.attn1 for m in pipe.unet.modules() if isinstance(m, BasicTransformerBlock)]
        self._processors = {layer: _JoiningProcessor(offload=offload) for layer in layers}

    @torch.no_grad()
    def __call__(
        self,
        prompt: str,
        *,
        num_images: int,
        seed: int,
        liked: Sequence[GeneratedImage] = (),
        disliked: Sequence[GeneratedImage] = (),
        **arguments: Any,
    ) -> Any:  # noqa: ANN401  (the pipeline's own)
        """Make pictures, and return what the pipeline returns; arguments as for `Fabric`."""
        unet = self._pipe.unet
        inner = unet.forward
        images = [*disliked, *liked]
        latents = _stacked([image.latents for image in images], unet.device)
        noise = _stacked([_noise(image) for image in images], unet.device)
        null, pooled = self._null_prompt(len(images))
        step = 0

        def forward(sample: torch.Tensor, timestep: torch.Tensor, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            nonlocal step
            branches = self._branches(step, len(sample) // num_images, num_images, liked, disliked)
            step += 1
            if any(branch.log_weight > -math.inf for branch in branches):
                more = _added_conditions(kwargs.get("added_cond_kwargs"), pooled, len(images))
                noisy = self._add_noise(latents, noise, timestep).to(sample.dtype)
                self._set(keeping=True)
                inner(noisy, timestep, null, added_cond_kwargs=more)
            self._set(keeping=False, branches=branches)
            return inner(sample, timestep, *args, **kwargs)

        with processors(self._processors), swapped(unet, forward):
            return self._pipe(
                prompt=prompt,
                num_images_per_prompt=num_images,
                generator=[torch.Generator().manual_seed(seed + i) for i in range(num_images)],
                **arguments,
            )

    def _set(self, *, keeping: bool, branches: Sequence[_Branch] = ()) -> None:
        for processor in self._processors.values():
            processor.keeping, processor.branches = keeping, branches

    def _branches(
        self,
        step: int,
        blocks: int,
        pictures: int,
        liked: Sequence[GeneratedImage],
        disliked: Sequence[GeneratedImage],
    ) -> list[_Branch]:
        """Return the references of each guidance branch, unconditional first if there is one."""
        weight = self._schedule.weight(step, self._pipe.num_timesteps)
        sides = [
            (slice(len(disliked)), len(disliked), weight * self._schedule.neg_scale),
            (slice(len(disliked), None), len(liked), weight),
        ]
        return [
            _Branch(
                slice(i * pictures, (i + 1) * pictures),
                references,
                math.log(strength * self._schedule.shares([1.0] * count)[0])
                if count and strength
                else -math.inf,
            )
            for i, (references, count, strength) in enumerate(sides[-blocks:])
        ]

    def _null_prompt(self, count: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the null prompt's embeddings for the references, and the pooled ones of SDXL."""
        words, _, *pooled = self._pipe.encode_prompt(
            prompt="",
            device=self._pipe.unet.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
        )
        return words.expand(count, -1, -1), pooled[0].expand(count, -1) if pooled else None

    def _add_noise(
        self, latents: torch.Tensor, noise: torch.Tensor, timestep: torch.Tensor
    ) -> torch.Tensor:
        scheduler = self._pipe.scheduler
        noisy = scheduler.add_noise(latents, noise, timestep.reshape(1).expand(len(latents)))
        scaled: torch.Tensor = scheduler.scale_model_input(noisy, timestep)
        return scaled


def _noise(image: GeneratedImage) -> torch.Tensor:
    return torch.randn(
        image.latents.shape, generator=torch.Generator().manual_seed(seed_of(image.id))
    )


def _stacked(parts: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
    return torch.stack(list(parts)).to(device) if parts else torch.empty(0, device=device)


def _added_conditions(
    added: dict[str, torch.Tensor] | None, pooled: torch.Tensor | None, count: int
) -> dict[str, torch.Tensor] | None:
    """Return SDXL's added conditions for the references: picture size and null prompt."""
    if added is None or pooled is None:
        return None
    return {"text_embeds": pooled, "time_ids": added["time_ids"][:1].expand(count, -1)}

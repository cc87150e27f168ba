"""The arithmetic of memory is what the cache takes, and what real models have."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel, UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock

from fabric_widget.bench import targets, transformer_targets
from fabric_widget.engine import Everything, Fabric, Schedule, TokenBudget
from fabric_widget.engine.compatibility import anatomy
from fabric_widget.engine.references.cache_size import (
    FLUX_1024,
    SD15_512,
    SDXL_1024,
    LayerSize,
    cache_bytes,
    step_bytes,
)
from fabric_widget.zoo import tiny

SETTINGS: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 3.0}


def own_attention(unet: UNet2DConditionModel) -> list[int]:
    """Return the channels of each self-attention layer."""
    blocks = [m for m in unet.modules() if isinstance(m, BasicTransformerBlock)]
    return [block.attn1.inner_dim for block in blocks]


@pytest.mark.parametrize(
    ("budget", "schedule"),
    [
        (TokenBudget.exact(), Schedule()),
        (TokenBudget(stride=4, dense=16), Schedule(end=1.0)),
        (TokenBudget(every=2), Schedule(end=1.0)),
    ],
)
def test_the_cache_takes_what_arithmetic_says(budget: TokenBudget, schedule: Schedule) -> None:
    pipe = tiny.pipeline("SD 1")
    fabric = Fabric(pipe, plan=Everything(), token_budget=budget, schedule=schedule)
    images = list(fabric("a cat", num_images=2, **SETTINGS))
    fabric("a cat", num_images=1, liked=images, **SETTINGS)
    tokens = anatomy(pipe, SETTINGS).tokens
    channels = {64: 8, 16: 16}  # of the two levels, by their tokens
    layers = [LayerSize(1, n, channels[n]) for n in tokens]
    assert Counter(channels[n] for n in tokens) == Counter(own_attention(pipe.unet))
    expected = cache_bytes(layers, 2, 4, schedule, budget, element_bytes=4)
    assert fabric._cache.nbytes == expected > 0


@pytest.mark.parametrize(
    ("config", "layers"), [(targets._SD15, SD15_512), (targets._SDXL, SDXL_1024)]
)
def test_layers_are_those_of_the_real_unets(
    config: dict[str, Any], layers: tuple[LayerSize, ...]
) -> None:
    with torch.device("meta"):
        found = Counter(own_attention(UNet2DConditionModel(**config)))
    listed: Counter[int] = Counter()
    for layer in layers:
        listed[layer.channels] += layer.number
    assert found == listed


def test_layers_are_those_of_flux() -> None:
    with torch.device("meta"):
        model = FluxTransformer2DModel(**transformer_targets.FLUX)
    ((count, tokens, channels),) = FLUX_1024
    assert count == len(model.transformer_blocks) + len(model.single_transformer_blocks)
    assert (tokens, channels) == (64 * 64, model.inner_dim)


def test_half_the_precision_is_half_the_memory_and_the_budget_a_fourth() -> None:
    whole = step_bytes(FLUX_1024, TokenBudget.exact())
    assert step_bytes(FLUX_1024) == whole / 4
    assert step_bytes(FLUX_1024, element_bytes=1) == whole / 8

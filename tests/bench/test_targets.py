"""The targets are what they are called: as large as the real ones, and they draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel, UNet2DConditionModel

from fabric_widget.bench import targets, transformer_targets
from fabric_widget.bench.plan import TARGETS, Plan, Size
from fabric_widget.engine import Fabric

WORDS = 2048  # channels: as many as both CLIPs have together
_SMALL_SD3 = {
    "num_layers": 2,
    "num_attention_heads": 2,
    "caption_projection_dim": 128,
    "joint_attention_dim": WORDS,
    "dual_attention_layers": (0,),
}
SHAPES = {"sd35-medium": (16, 8, 8), "sd35-large": (16, 8, 8), "flux": (16, 64)}
SMALL: dict[str, dict[str, Any]] = {
    "_SD15": {"block_out_channels": (64,) * 4},
    "_SDXL": {
        "block_out_channels": (32,) * 3,
        "transformer_layers_per_block": (1, 1, 2),
        "attention_head_dim": (2, 2, 2),
    },
    "SD35_MEDIUM": _SMALL_SD3,
    "SD35_LARGE": _SMALL_SD3,
    "FLUX": {
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "joint_attention_dim": WORDS,
    },
}


@pytest.mark.parametrize(
    ("config", "parameters"), [("_SD15", 859_520_964), ("_SDXL", 2_567_463_684)]
)
def test_denoisers_are_as_large_as_the_real_ones(config: str, parameters: int) -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**getattr(targets, config))
    assert sum(x.numel() for x in unet.parameters()) == parameters


@pytest.mark.parametrize(
    ("kind", "config", "parameters"),
    [
        (SD3Transformer2DModel, "SD35_MEDIUM", 2_243_171_520),
        (SD3Transformer2DModel, "SD35_LARGE", 8_056_627_520),
        (FluxTransformer2DModel, "FLUX", 11_901_408_320),
    ],
)
def test_transformers_are_as_large_as_the_real_ones(
    kind: Any, config: str, parameters: int
) -> None:
    with torch.device("meta"):
        transformer = kind(**getattr(transformer_targets, config))
    assert sum(x.numel() for x in transformer.parameters()) == parameters


@pytest.mark.parametrize("name", TARGETS)
def test_targets_draw_with_feedback(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for config, smaller in SMALL.items():
        room = targets if hasattr(targets, config) else transformer_targets
        monkeypatch.setattr(room, config, getattr(room, config) | smaller)
    monkeypatch.setattr(transformer_targets, "_WORDS", WORDS)
    state = torch.random.get_rng_state()
    size = Size(pictures=2, latent=8, steps=1, repeats=1)
    target = replace(TARGETS[name], on_cpu=size)  # the real one takes an accelerator
    plan = Plan(target=target, size=size)
    built = targets.build(plan)
    assert torch.equal(torch.random.get_rng_state(), state)
    references = built.references(2)
    assert len({image.id for image in references}) == 2
    round_ = Fabric(built.pipe)("a cat", num_images=2, liked=references, **built.arguments)
    for image in round_:
        assert image.latents.shape == references[0].latents.shape == SHAPES.get(name, (4, 8, 8))
        assert image.latents.isfinite().all()

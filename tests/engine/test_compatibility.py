"""What a survey says of a pipeline, and what stands in the way of feedback."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import FasterCacheConfig, FirstBlockCacheConfig, PyramidAttentionBroadcastConfig
from diffusers.hooks import apply_faster_cache

from fabric_widget.engine import FabricError
from fabric_widget.engine.compatibility import Compatibility, check_compatibility
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import published, unreachable

SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}


def test_a_pipeline_that_works(pipe: Any) -> None:
    row = check_compatibility(pipe, **SETTINGS)
    assert row == Compatibility(
        sites=7,
        roles=("unconditional, conditional",),
        identity=True,
        moved=row.moved,
        restored=True,
    )
    assert row.works
    assert check_compatibility(pipe, **SETTINGS) == row


def test_recommended_arguments_are_used_on_both_sides() -> None:
    pipe = tiny.pipeline()
    pipe.register_to_config(_fabric_defaults={"guidance_scale": 2.0, "num_inference_steps": 2})
    assert check_compatibility(pipe).works


def test_no_text_to_image_pipeline_at_all() -> None:
    row = check_compatibility(torch.nn.Linear(1, 1))
    assert "is not a diffusers pipeline" in row.reason
    assert not row.works


def test_calls_without_guidance(pipe: Any) -> None:
    row = check_compatibility(pipe, num_inference_steps=3, guidance_scale=1.0)
    assert row.roles == ("conditional",)
    assert row.works


def test_errors_that_are_not_the_engines_come_out(pipe: Any) -> None:
    with pytest.raises(ValueError, match="divisible"):
        check_compatibility(pipe, height=13, width=16, **SETTINGS)


@pytest.mark.parametrize(
    "settings",
    [
        FirstBlockCacheConfig(threshold=0.1),
        PyramidAttentionBroadcastConfig(
            spatial_attention_block_skip_range=2,
            spatial_attention_block_identifiers=("transformer_blocks",),
            current_timestep_callback=lambda: 500,
        ),
    ],
    ids=["first block", "pyramid attention broadcast"],
)
def test_caches_are_refused_and_the_cure_is_right(settings: Any) -> None:
    family = ZOO["Flux"]
    pipe = family.build()
    fabric = published(pipe)
    first = fabric("a", num_images=1, **family.arguments)
    pipe.transformer.enable_cache(settings)
    with pytest.raises(FabricError, match=r"call pipe\.transformer\.disable_cache\(\)"):
        fabric("a", num_images=1, liked=[first[0]], **family.arguments)
    pipe.transformer.disable_cache()
    fed = fabric("a", num_images=1, seed=1, liked=[first[0]], **family.arguments)
    assert fed[0].latents.isfinite().all()


def test_hooks_of_a_cache_are_refused_too(pipe: Any) -> None:
    """U-Nets have no switch for caches; their hooks are put in place by hand."""
    fabric = published(pipe)
    first = fabric("a", num_images=1, **SETTINGS)
    apply_faster_cache(
        pipe.unet,
        FasterCacheConfig(
            spatial_attention_block_skip_range=2,
            spatial_attention_block_identifiers=("blocks",),
            current_timestep_callback=lambda: 500,
            tensor_format="BCHW",
        ),
    )
    with pytest.raises(FabricError, match=r"remembers results .*\.remove_hook\(name\)"):
        fabric("a", num_images=1, liked=[first[0]], **SETTINGS)


def test_layers_that_leave_out_attention_now_and_then(pipe: Any) -> None:
    """A foreign cache of whole blocks: found out by what it does."""
    fabric = published(pipe)
    first = fabric("a", num_images=1, **SETTINGS)
    layers = [m for m in pipe.unet.modules() if type(m).__name__ == "BasicTransformerBlock"]

    def skipping(layer: Any) -> Any:
        plain = layer.forward

        def forward(hidden: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            # Rows of a run; references are computed four at once.
            return hidden if len(hidden) == 6 else plain(hidden, *args, **kwargs)

        return forward

    for layer in layers:
        layer.forward = skipping(layer)
    with pytest.raises(FabricError, match="left out attention layers while a reference was borr"):
        fabric("a", num_images=3, liked=[first[0]], **SETTINGS)
    for layer in layers:
        del layer.forward


def test_attention_past_torch(pipe: Any) -> None:
    """Processors of another library: self-attention that torch does not see."""
    row = check_compatibility(unreachable(pipe), **SETTINGS)
    assert "set_attn_processor(AttnProcessor2_0()) on the denoiser" in row.reason
    assert "reset_attention_backend() on the denoiser" in row.reason


def test_a_pipeline_that_changes_its_processors_for_a_run() -> None:
    """What it puts in place for a run is gone afterwards, however the run ends."""
    pipe = ZOO["SD 1 PAG"].build()
    before = dict(pipe.unet.attn_processors)
    fabric = published(pipe)
    settings = ZOO["SD 1 PAG"].arguments
    first = fabric("a", num_images=1, **settings)

    def fail(progress: object) -> None:
        raise LookupError(progress)

    with pytest.raises(LookupError):
        fabric("a", num_images=1, liked=[first[0]], on_step=fail, **settings)
    assert pipe.unet.attn_processors == before


def test_tiny_pipelines_are_the_same_every_time() -> None:
    assert check_compatibility(tiny.pipeline("SDXL"), **SETTINGS) == check_compatibility(
        tiny.pipeline("SDXL"), **SETTINGS
    )

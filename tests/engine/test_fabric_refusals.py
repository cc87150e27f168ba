"""What Fabric refuses, and how it says so; dislikes where there is no guidance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DiffusionPipeline, UNet2DModel
from diffusers.models.attention_processor import AttnProcessor2_0

from fabric_widget.engine import (
    BadReference,
    Fabric,
    FabricError,
    GeneratedImage,
    NoAttentionSites,
    Schedule,
)
from tests.engine.rounds import (
    EVERY_STEP,
    SETTINGS,
    difference,
    make,
    picture,
    published,
    same,
    unreachable,
)

# Bad input


@pytest.mark.parametrize("number", [0, -1, 65, 2.0, True, "4", None])
def test_number_of_images(fabric: Fabric, number: object) -> None:
    with pytest.raises(ValueError, match=r"num_images is .*give a whole number from 1 to 64"):
        make(fabric, num_images=number)


@pytest.mark.parametrize("seed", [-1, 2**32, 2**63, 1.5, "0", None, False])
def test_seed(fabric: Fabric, seed: object) -> None:
    with pytest.raises(ValueError, match=r"seed is .*give a whole number from 0 to"):
        make(fabric, seed=seed)


def test_numpy_integers_are_integers(fabric: Fabric) -> None:
    assert same(make(fabric, seed=np.int64(7), num_images=np.uint8(2)), make(fabric))


@pytest.mark.parametrize("prompt", [None, ["a", "b"], 3])
def test_prompt(fabric: Fabric, prompt: Any) -> None:
    with pytest.raises(TypeError, match=r"prompt is a .*give one text"):
        fabric(prompt)


@pytest.mark.parametrize("schedule", [0.8, {"max_weight": 1}, Schedule])
def test_schedule(fabric: Fabric, schedule: Any) -> None:
    with pytest.raises(TypeError, match=r"schedule is a .*give a Schedule"):
        make(fabric, schedule=schedule)
    with pytest.raises(TypeError, match=r"schedule is a .*give a Schedule"):
        Fabric(fabric.pipe, schedule=schedule)


@pytest.mark.parametrize("thing", [None, "stable-diffusion", torch.nn.Linear(1, 1), object()])
def test_only_diffusers_pipelines(thing: Any) -> None:
    with pytest.raises(TypeError, match="is not a diffusers pipeline"):
        Fabric(thing)


def test_only_pipelines_with_a_prompt(pipe: Any) -> None:
    unconditional = DDIMPipeline(
        UNet2DModel(
            sample_size=8,
            block_out_channels=(8,),
            norm_num_groups=4,
            down_block_types=("DownBlock2D",),
            up_block_types=("UpBlock2D",),
        ),
        pipe.scheduler,
    )
    with pytest.raises(TypeError, match="DDIMPipeline does not take prompt"):
        Fabric(unconditional)


def test_only_pipelines_with_a_denoiser() -> None:
    class Prior(DiffusionPipeline):  # type: ignore[misc]
        def __call__(
            self,
            prompt: str,
            num_images_per_prompt: int,
            generator: object,
            callback_on_step_end: object,
        ) -> None: ...

    with pytest.raises(TypeError, match="Prior has no denoiser"):
        Fabric(Prior())


@pytest.mark.parametrize("size", [-1, 1.5, "1 GB"])
def test_cache_bytes(pipe: Any, size: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"cache_bytes|integer"):
        Fabric(pipe, cache_bytes=size)


def test_references_of_another_model(fabric: Fabric) -> None:
    other = GeneratedImage(picture(0), torch.zeros(16, 8, 8), 0, "")
    with pytest.raises(BadReference, match=r"shape \(16, 8, 8\), but .* works on 4 channels"):
        make(fabric, liked=[other])


def test_latents_that_are_not_finite(fabric: Fabric) -> None:
    broken = GeneratedImage(picture(0), torch.full((4, 8, 8), torch.nan), 0, "")
    with pytest.raises(BadReference, match="not finite"):
        make(fabric, liked=[broken])


def test_dislikes_act_without_guidance(fabric: Fabric) -> None:
    first = make(fabric, guidance_scale=1.0)
    liked = make(fabric, guidance_scale=1.0, liked=[first[0]])
    both = make(fabric, guidance_scale=1.0, liked=[first[0]], disliked=[first[1]])
    alone = make(fabric, guidance_scale=1.0, disliked=[first[1]])
    assert difference(liked, first) > 1e-3
    assert difference(both, liked) > 1e-3
    assert difference(alone, first) > 1e-3
    assert difference(alone, both) > 1e-3


@pytest.mark.parametrize("off", [{"nag_scale": 0}, {"neg_scale": 0}])
def test_dislikes_without_guidance_can_be_turned_off(fabric: Fabric, off: dict[str, Any]) -> None:
    first = make(fabric, guidance_scale=1.0)
    schedule = Schedule(end=1, **off)
    votes = {"disliked": [first[1]], "schedule": schedule}
    assert same(make(fabric, guidance_scale=1.0, **votes), first)
    likes = {"liked": [first[0]], "schedule": schedule}
    both = make(fabric, guidance_scale=1.0, **(votes | likes))
    assert same(both, make(fabric, guidance_scale=1.0, **likes))


def test_with_guidance_dislikes_push_nothing(fabric: Fabric) -> None:
    """They act in the unconditional pass; the scale of the other way has no meaning."""
    votes = {"disliked": [make(fabric)[1]]}
    far, near = (make(fabric, schedule=Schedule(nag_scale=n), **votes) for n in (0, 20))
    assert same(far, near)


def test_a_dislike_of_vanishing_weight_pushes_nothing(fabric: Fabric) -> None:
    first = make(fabric, guidance_scale=1.0)
    votes = {"disliked": [(first[1], 1e-7)], "guidance_scale": 1.0}
    assert difference(make(fabric, **votes), first) < 1e-3


def test_pipeline_without_sites(pipe: Any) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)
    unreachable(pipe)
    assert len(make(fabric)) == 2  # nothing to lend, nothing to miss
    with pytest.raises(NoAttentionSites) as caught:
        make(fabric, liked=[first[0]])
    for word in ("another library", "reset_attention_backend()", "linear attention"):
        assert word in str(caught.value)
    pipe.unet.set_attn_processor(AttnProcessor2_0())
    assert difference(make(fabric, liked=[first[0]]), first) > 1e-3


@pytest.mark.parametrize("conditional", [True, False])
def test_a_second_call_a_step_is_told_by_its_words(pipe: Any, conditional: bool) -> None:
    """A call beside the usual one hears likes if it is about the prompt, and dislikes if not."""
    fabric = published(pipe)
    first = make(fabric)
    prompt = pipe.encode_prompt("a cat", "cpu", 2, do_classifier_free_guidance=False)[0]
    words = prompt if conditional else torch.zeros_like(prompt)
    step, seen = pipe.scheduler.step, []

    def twice(out: Any, t: Any, latents: torch.Tensor, **settings: Any) -> Any:
        seen.append(pipe.unet(latents, t, words).sample)
        return step(out, t, latents, **settings)

    pipe.scheduler.step = twice
    plain, liked, disliked = (
        (make(fabric, num_inference_steps=1, schedule=EVERY_STEP, **votes), seen[-1])[1]
        for votes in ({}, {"liked": [first[0]]}, {"disliked": [first[0]]})
    )
    assert torch.allclose(liked, plain, atol=1e-6) != conditional
    assert torch.allclose(disliked, plain, atol=1e-6) == conditional
    del pipe.scheduler.step
    assert same(make(fabric), first)


def test_text_encoder_that_says_nothing(pipe: Any) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)
    for parameter in pipe.text_encoder.parameters():
        parameter.data.zero_()
    with pytest.raises(FabricError, match="same embedding"):
        make(fabric, liked=[first[0]])


def test_text_unknown_to_the_vocabulary_still_tells_the_rows(fabric: Fabric) -> None:
    first = fabric("äöü", num_images=2, **SETTINGS)
    assert difference(fabric("äöü", num_images=2, liked=[first[0]], **SETTINGS), first) > 1e-3

"""The pipeline's own arguments and parts: they go through Fabric as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig

from fabric_widget.engine import (
    Fabric,
    FabricError,
    FabricWarning,
    Round,
)
from fabric_widget.zoo import tiny
from tests.engine.rounds import (
    SETTINGS,
    difference,
    latents_of,
    make,
    picture,
    published,
    same,
    untouched,
)

# The pipeline's own arguments


def test_round_says_what_made_it(fabric: Fabric) -> None:
    made = make(fabric, negative_prompt="b", seed=3)
    assert isinstance(made, Round)
    assert (made.prompt, made.seed, len(made)) == ("a cat", 3, 2)
    assert [image.seed for image in made] == [3, 4]
    assert made.settings == {**SETTINGS, "negative_prompt": "b"}
    assert made[0].settings == made.settings
    assert made[0].image.size == (tiny.SIDE, tiny.SIDE)
    assert made[0].latents.dtype == torch.float32
    assert made[-1] is made.images[1]
    assert made[:1] == (made[0],)
    assert len({image.id for image in made}) == 2


def test_arguments_go_through_unchanged(pipe: Any) -> None:
    arguments: dict[str, Any] = {
        "num_inference_steps": 2,
        "guidance_scale": 2.0,
        "guidance_rescale": 0.5,
        "negative_prompt": "b c",
        "height": 32,
        "width": 16,
        "eta": 0.5,
    }
    generators = [torch.Generator().manual_seed(7 + i) for i in range(2)]
    plain = pipe(
        "a cat", num_images_per_prompt=2, generator=generators, output_type="np", **arguments
    )
    ours = published(pipe)("a cat", num_images=2, seed=7, output_type="np", **arguments)
    assert np.array_equal(ours.output.images, plain.images)
    assert ours[0].image.size == (16, 32)


@pytest.mark.parametrize("output_type", ["pil", "np", "pt", "latent"])
def test_every_output_type_has_pictures(fabric: Fabric, output_type: str) -> None:
    made = make(fabric, output_type=output_type)
    side = tiny.SIDE // 2 if output_type == "latent" else tiny.SIDE
    assert [image.image.size for image in made] == [(side, side)] * 2
    assert torch.equal(latents_of(made), latents_of(make(fabric)))


def test_latents_that_nothing_can_show(fabric: Fabric) -> None:
    fabric.pipe.vae.encode = None
    first = make(fabric)
    with pytest.raises(FabricError, match="output_type='latent' leaves no picture"):
        make(fabric, output_type="latent")
    assert make(fabric, on_step=lambda p: p.previews()).images == first.images


def test_latents_of_the_caller_go_through(fabric: Fabric) -> None:
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    first = make(fabric, latents=latents)
    assert not same(first, make(fabric))
    assert difference(make(fabric, latents=latents, liked=[first[0]]), first) > 1e-3


def test_embeddings_go_through(fabric: Fabric) -> None:
    words, none = fabric.pipe.encode_prompt("a cat", "cpu", 1, do_classifier_free_guidance=True)
    arguments: dict[str, Any] = {
        "prompt_embeds": words,
        "negative_prompt_embeds": none,
        "num_images": 2,
        "seed": 7,
    }
    made = fabric(**arguments, **SETTINGS)
    assert same(made, make(fabric))
    fed = fabric(**arguments, liked=[made[0]], **SETTINGS)
    assert same(fed, make(fabric, liked=[made[0]]))


def test_recommended_arguments_and_explicit_ones(pipe: Any) -> None:
    pipe.register_to_config(_fabric_defaults={"num_inference_steps": 2, "guidance_scale": 2.0})
    fabric = published(pipe)
    assert fabric.defaults == {"num_inference_steps": 2, "guidance_scale": 2.0}
    made = fabric("a cat", num_images=1, guidance_scale=1.5)
    assert made.settings == {"num_inference_steps": 2, "guidance_scale": 1.5}


def test_no_recommendation(fabric: Fabric) -> None:
    assert fabric.defaults == {}


def test_callback_of_the_caller_is_composed(fabric: Fabric) -> None:
    seen: list[tuple[int, list[str]]] = []
    steps: list[int] = []

    def halved(pipe: object, i: int, t: object, tensors: dict[str, Any]) -> dict[str, Any]:
        del pipe, t
        seen.append((i, sorted(tensors)))
        return {"latents": tensors["latents"] / 2}

    made = make(
        fabric,
        callback_on_step_end=halved,
        callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"],
        on_step=lambda progress: steps.append(progress.step),
        output_type="latent",
    )
    assert seen == [(i, ["latents", "prompt_embeds"]) for i in range(3)]
    assert steps == [1, 2, 3]
    assert torch.equal(latents_of(made), made.output.images)


def test_callback_that_asks_for_no_latents(fabric: Fabric) -> None:
    def idle(pipe: object, i: int, t: object, tensors: dict[str, Any]) -> dict[str, Any]:
        del pipe, i, t
        assert not tensors
        return {}

    made = make(fabric, callback_on_step_end=idle, callback_on_step_end_tensor_inputs=[])
    assert same(made, make(fabric))


@pytest.mark.parametrize(
    ("argument", "value", "instead"),
    [
        ("generator", torch.Generator(), "give seed"),
        ("num_images_per_prompt", 2, "give num_images"),
        ("return_dict", False, "returns a Round"),
    ],
)
def test_arguments_that_are_ours(
    fabric: Fabric, argument: str, value: object, instead: str
) -> None:
    with pytest.raises(TypeError, match=f"{argument} cannot be given to Fabric: .*{instead}"):
        make(fabric, **{argument: value})


def test_misspelt_arguments(fabric: Fabric) -> None:
    with pytest.warns(FabricWarning, match="'guidance' and may ignore it; did you mean guidance_"):
        make(fabric, guidance=2)


def test_bad_arguments_are_the_pipelines_own_errors(pipe: Any) -> None:
    fabric = published(pipe)
    with untouched(pipe), pytest.raises(ValueError, match="divisible by"):
        make(fabric, height=13, width=16, liked=[picture(0)])


# What else a pipeline may have been fitted with


def test_adapters_and_their_scale_are_noticed(fabric: Fabric) -> None:
    unet = fabric.pipe.unet
    first = make(fabric)
    bare = make(fabric, liked=[first[0]])
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_k", "to_v"], init_lora_weights=False))
    adapted = make(fabric, liked=[first[0]])
    unet.set_adapters(["default"], [0.5])
    halved = make(fabric, liked=[first[0]])
    assert same(halved, make(published(fabric.pipe), liked=[first[0]]))
    unet.delete_adapters(["default"])
    assert same(make(fabric, liked=[first[0]]), bare)
    assert min(difference(adapted, bare), difference(halved, adapted)) > 1e-4


def test_fused_projections(fabric: Fabric) -> None:
    first = make(fabric)
    apart = make(fabric, liked=[first[0]], disliked=[first[1]])
    fabric.pipe.fuse_qkv_projections()
    fused = make(fabric, liked=[first[0]], disliked=[first[1]])
    assert difference(fused, apart) < 1e-4


@pytest.mark.parametrize("in_place", [True, False])
def test_compiled_models(fabric: Fabric, in_place: bool) -> None:
    """Feedback runs as written; the compiler is left alone, so nothing is compiled here."""
    first = make(fabric)
    votes = {"liked": [first[0]], "disliked": [first[1]]}
    expected = make(fabric, **votes)
    pipe = tiny.pipeline()
    if in_place:
        pipe.unet.compile(backend="eager")
    else:
        pipe.unet = torch.compile(pipe.unet, backend="eager")
    assert same(make(published(pipe), **votes), expected)


def test_half_precision(pipe: Any) -> None:
    pipe.to(torch.bfloat16)
    fabric = published(pipe)
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    fed = make(fabric, **votes)
    assert latents_of(fed).isfinite().all()
    assert difference(fed, first) > 1e-2
    assert same(make(fabric, **votes), fed)
    assert all(image.latents.dtype == torch.float32 for image in fed)

"""A pipeline whose text encoders are gone takes feedback as it would with them, to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.engine import Fabric, FabricError
from fabric_widget.engine.pipeline.arguments.prompts import missing_encoders
from fabric_widget.engine.pipeline.call import tensors
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.pipeline.record_calls import alternates, record_call
from fabric_widget.zoo import ZOO, tiny
from tests.engine.embedded import RETURNED, arguments_of, drop_encoders, embeddings
from tests.engine.rounds import SETTINGS, latents_of, published

if TYPE_CHECKING:
    from fabric_widget.engine.pipeline.record_calls import RecordedCall

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

# Of the families that take embeddings, those that diffusers itself cannot call with them alone.
FAIL_THEMSELVES = {
    "LongCat-Image": "it takes the length of its prompt, which is None",
    "Nucleus": "it asks its text encoder how many layers it has",
}
# Variants that encode their prompt as a family does that is tried, or together with a picture.
VARIANTS = (
    *("SD 2", "SD 1 ", "SDXL ", "InstructPix2Pix", "Sana ", "Flux Fill", "Flux Control"),
    *("Flux Kontext", "Flux 2 with", "Flux 2 Klein with", "Qwen-Image Edit"),
    *("Qwen-Image 2.1 with", "LongCat-Image Edit"),
)


def test_every_family_that_takes_embeddings_is_tried() -> None:
    takes = {
        name
        for name, family in ZOO.items()
        if any("prompt_embeds" in parameter for parameter in parameters_of(family.build()))
        and not name.startswith(VARIANTS)
        and family.able
    }
    assert takes == (RETURNED.keys() | FAIL_THEMSELVES.keys()) & takes


def recorded(pipe: Any, arguments: dict[str, Any]) -> tuple[RecordedCall, bool]:
    denoiser = Denoiser(pipe)
    with denoiser.occupied():
        found = record_call(denoiser, arguments, "")
        return found, alternates(denoiser, arguments, found.guidance_branches)


@pytest.mark.parametrize("name", RETURNED)
def test_the_null_prompt_is_the_same_without_encoders(name: str) -> None:
    """All of it that a run with feedback sees: every tensor and every role."""
    family = ZOO[name]
    with family.quiet():
        pipe = family.build()
        arguments = arguments_of(family) | embeddings(pipe, family)
        reading, turns = recorded(pipe, arguments)
        drop_encoders(pipe)
        bare, bare_turns = recorded(pipe, arguments)
    assert missing_encoders(pipe) == (True, True)
    assert bare.guidance_branches.rows == reading.guidance_branches.rows
    assert bare_turns == turns
    read, given = (dict(tensors(found.null.arguments)) for found in (reading, bare))
    assert read.keys() == given.keys()
    assert all(torch.equal(value, given[path]) for path, value in read.items())


@pytest.mark.parametrize("name", ["SD 1", "SDXL", "SD 3", "Flux", "Flux 2", "Z-Image", "LCM"])
def test_feedback_without_encoders(name: str) -> None:
    family = ZOO[name]
    pipe = family.build()
    words = embeddings(pipe, family)
    fabric = published(pipe)
    arguments: dict[str, Any] = arguments_of(family) | {"num_images": family.pictures, "seed": 5}
    first = fabric("", **arguments, **words)
    votes: dict[str, Any] = {
        "liked": [first[0]],
        "disliked": [fabric("", **arguments | {"seed": 9}, **words)[0]],
    }
    reading = latents_of(fabric("", **arguments, **words, **votes))
    drop_encoders(pipe)
    bare = latents_of(published(pipe)("", **arguments, **words, **votes))
    assert torch.equal(bare, reading)
    assert (bare - latents_of(first)).abs().max() > 1e-3 * bare.std()


def test_one_row_is_repeated_only_where_the_pipeline_does_not() -> None:
    """SD 3 fails with one row for two pictures: it gets a row for each. SDXL is called as it is."""
    for name, repeats in (("SD 3", False), ("SDXL", True)):
        family = ZOO[name]
        pipe = family.build()
        words = embeddings(pipe, family)
        called = arguments_of(family) | {"output_type": "latent"}
        two: dict[str, Any] = {"num_images_per_prompt": 2, **called, **words}
        generators = [torch.Generator().manual_seed(5 + i) for i in range(2)]
        ours: dict[str, Any] = {"num_images": 2, "seed": 5, **arguments_of(family)}
        made = latents_of(published(pipe)("", **ours, **words))
        if repeats:
            assert torch.equal(pipe(generator=generators, **two).images, made)
            continue
        with pytest.raises(RuntimeError, match="size of tensor"):
            pipe(generator=generators, **two)
        rows = {key: value.repeat_interleave(2, 0) for key, value in words.items()}
        again = published(pipe)("", **ours, **rows)
        assert torch.equal(latents_of(again), made)


def test_zeros_are_the_null_prompt_of_a_family_that_has_them() -> None:
    family = ZOO["SDXL"]
    pipe = family.build()
    words = embeddings(pipe, family)
    alone = {name: value for name, value in words.items() if not name.startswith("negative_")}
    assert not any(words[f"negative_{name}"].any() for name in alone)
    reading, _ = recorded(pipe, family.arguments | alone)
    drop_encoders(pipe)
    bare, _ = recorded(pipe, family.arguments | alone)
    states = bare.null.arguments["encoder_hidden_states"]
    assert torch.equal(states, reading.null.arguments["encoder_hidden_states"])
    assert not states.any()


@pytest.fixture
def bare() -> Fabric:
    pipe = tiny.pipeline()
    drop_encoders(pipe)
    return published(pipe)


def words(rows: int, value: float = 1.0) -> torch.Tensor:
    return torch.full((rows, tiny.TOKENS, tiny.WIDTH), value)


def test_what_to_give_is_said(bare: Fabric) -> None:
    arguments: dict[str, Any] = SETTINGS | {"guidance_scale": 1.0, "prompt_embeds": words(1)}
    liked = [bare("", num_images=1, **arguments)[0]]
    with pytest.raises(FabricError, match=r"no text encoder .* give negative_prompt_embeds, the"):
        bare("", num_images=1, liked=liked, **arguments)
    assert bare("", liked=liked, **arguments, negative_prompt_embeds=words(1, 0))
    del arguments["prompt_embeds"]
    with pytest.raises(FabricError, match="give prompt_embeds and negative_prompt_embeds"):
        bare("a cat", num_images=1, liked=liked, **arguments)


def test_a_prompt_for_each_picture(bare: Fabric) -> None:
    both = torch.cat([words(1), words(1, -1.0)])
    none: dict[str, Any] = {"negative_prompt_embeds": words(1, 0)}

    def made(prompts: torch.Tensor, **more: Any) -> torch.Tensor:
        return latents_of(bare("", prompt_embeds=prompts, seed=5, **SETTINGS, **none, **more))

    plain = made(both, num_images=2)
    assert torch.allclose(plain[:1], made(both[:1], num_images=1), atol=1e-5)
    liked = [bare("", num_images=1, prompt_embeds=words(1), **SETTINGS, **none)[0]]
    fed = made(both, num_images=2, liked=liked)
    assert torch.allclose(fed[:1], made(both[:1], num_images=1, liked=liked), atol=1e-5)
    assert (fed - plain).abs().amax((1, 2, 3)).min() > 1e-3
    with pytest.raises(FabricError, match="prompt_embeds has 2 rows for 3 pictures: give one row"):
        made(both, num_images=3)

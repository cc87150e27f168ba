"""The ways people use diffusers, each with feedback.

A pipeline that was fitted with something is still a pipeline: weight 0 leaves it alone, feedback
changes its pictures, nothing is left behind, and what changes between two rounds never meets
references from before. What is attached to a family from its start (ControlNet, T2I-Adapter,
IP-Adapter, PAG, image-to-image, inpainting) is tried in `test_pipelines`.
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import accelerate
import pytest
import torch
from diffusers.hooks import apply_group_offloading
from peft import LoraConfig

from fabric_widget.engine import Fabric, GeneratedImage, Schedule
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import EVERY_STEP, latents_of, published

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.zoo import Family

    Change = Callable[[Any], object]

# What others say of what is done here: PEFT of a second adapter, diffusers of its own SDXL.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Already found a `peft_config` attribute:UserWarning"),
    pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated:FutureWarning"),
]

SETTINGS: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
SEED, PICTURES = 5, 2
ALL_TEXTS = ("prompt", "prompt_2", "prompt_3")
NEVER = Schedule(start=1, end=1)


def plain(
    pipe: Any, prompt: str | None = "a cat", pictures: int = PICTURES, **arguments: Any
) -> torch.Tensor:
    """Return the latents that the pipeline makes by itself."""
    generators = [torch.Generator().manual_seed(SEED + i) for i in range(pictures)]
    output = pipe(
        prompt=prompt,
        num_images_per_prompt=pictures,
        generator=generators,
        output_type="latent",
        **{**SETTINGS, **arguments},
    )
    latents: torch.Tensor = output[0]
    return latents.float()


def made(fabric: Fabric, prompt: str = "a cat", **arguments: Any) -> list[GeneratedImage]:
    ours: dict[str, Any] = {"num_images": PICTURES, "seed": SEED, "schedule": EVERY_STEP}
    return list(fabric(prompt, **{**ours, **SETTINGS, **arguments}))


def moved(a: torch.Tensor, b: torch.Tensor) -> bool:
    return float((a - b).abs().max() / b.std()) > 1e-3


def obeys(pipe: Any, prompt: str = "a cat", pictures: int = PICTURES, **arguments: Any) -> None:
    """Fail unless weight 0 is the plain pipeline, feedback acts, and nothing is left behind."""
    guidance_branches = None if "prompt_embeds" in arguments else prompt
    before = plain(pipe, guidance_branches, pictures, **arguments)
    fabric = published(pipe)
    ours: dict[str, Any] = arguments | {"num_images": pictures}
    (liked, *_), (disliked, *_) = (made(fabric, prompt, **ours, seed=seed) for seed in (5, 40))
    votes: dict[str, Any] = {"liked": [liked], "disliked": [disliked]}
    silent = made(fabric, prompt, schedule=NEVER, **votes, **ours)
    assert torch.equal(latents_of(silent), before)
    fed = latents_of(made(fabric, prompt, **votes, **ours))
    assert fed.isfinite().all()
    assert moved(fed, before)
    assert torch.equal(plain(pipe, guidance_branches, pictures, **arguments), before)


def denoiser_of(pipe: Any) -> Any:
    return pipe.unet if hasattr(pipe, "unet") else pipe.transformer


# What a pipeline is fitted with


def add_adapters(pipe: Any, *names: str) -> None:
    """Add adapters that are not zero at their start, as trained ones are not."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for name in names:
            settings = LoraConfig(
                r=2, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False
            )
            denoiser_of(pipe).add_adapter(settings, name)
    denoiser_of(pipe).set_adapters(list(names))


def two_adapters(pipe: Any) -> None:
    add_adapters(pipe, "one", "two")
    denoiser_of(pipe).set_adapters(["one", "two"], [1.0, -0.5])


def tile_and_slice(pipe: Any) -> None:
    pipe.vae.enable_tiling()
    pipe.vae.enable_slicing()


def offload_models(pipe: Any) -> None:
    """Do what `enable_model_cpu_offload` does; it wants an accelerator, here the CPU is one."""
    hook, pipe._all_hooks = None, []
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            _, hook = accelerate.cpu_offload_with_hook(part, "cpu", prev_module_hook=hook)
            pipe._all_hooks.append(hook)


def offload_sequentially(pipe: Any) -> None:
    """Do what `enable_sequential_cpu_offload` does: weights are on the device "meta" meanwhile."""
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            accelerate.cpu_offload(part, "cpu", offload_buffers=len(part._parameters) > 0)


def offload_in_groups(pipe: Any) -> None:
    """Hooks at every leaf, which would move weights if there were somewhere to move them."""
    apply_group_offloading(
        denoiser_of(pipe), onload_device=torch.device("cpu"), offload_type="leaf_level"
    )


def compile_in_place(pipe: Any) -> None:
    denoiser_of(pipe).compile(backend="eager")


def compile_around(pipe: Any) -> None:
    pipe.unet = torch.compile(pipe.unet, backend="aot_eager")


ANYWHERE: dict[str, Change] = {
    "one adapter": lambda pipe: add_adapters(pipe, "one"),
    "two adapters": two_adapters,
    "tiling and slicing": tile_and_slice,
    "bfloat16": lambda pipe: pipe.to(torch.bfloat16),
    "model offload": offload_models,
    "sequential offload": offload_sequentially,
    "group offload": offload_in_groups,
}
WITH_UNET: dict[str, Change] = {
    "fused projections": lambda pipe: pipe.fuse_qkv_projections(),
    "FreeU": lambda pipe: pipe.enable_freeu(s1=0.9, s2=0.2, b1=1.3, b2=1.4),
    "channels last": lambda pipe: pipe.unet.to(memory_format=torch.channels_last),
    "float16": lambda pipe: pipe.to(torch.float16),
}
COMPILED: dict[str, Change] = {"in place": compile_in_place, "around": compile_around}


@pytest.mark.parametrize("family", ["SD 1", pytest.param("SDXL", marks=pytest.mark.soak)])
@pytest.mark.parametrize("way", ANYWHERE | WITH_UNET)
def test_a_fitted_unet(way: str, family: str) -> None:
    pipe = tiny.pipeline(family)
    (ANYWHERE | WITH_UNET)[way](pipe)
    obeys(pipe)


@pytest.mark.parametrize("family", [pytest.param("SD 3", marks=pytest.mark.soak), "Flux true CFG"])
@pytest.mark.parametrize("way", ANYWHERE)
def test_a_fitted_transformer(way: str, family: str) -> None:
    pipe = ZOO[family].build()
    ANYWHERE[way](pipe)
    obeys(pipe, **ZOO[family].arguments)


def test_fused_projections_of_a_transformer() -> None:
    """Of Flux: those of this SD 3, with two attentions in a block, diffusers itself fails with."""
    family = ZOO["Flux true CFG"]
    pipe = family.build()
    pipe.transformer.fuse_qkv_projections()
    obeys(pipe, **family.arguments)


@pytest.mark.parametrize("way", COMPILED)
def test_a_compiled_unet(pipe: Any, way: str) -> None:
    """Compiled in earnest wherever no reference is lent, and uncompiled where one is."""
    COMPILED[way](pipe)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the compiler says of diffusers
        obeys(pipe)


def test_a_word_that_was_learnt(pipe: Any) -> None:
    learnt = torch.randn(1, tiny.WIDTH, generator=torch.Generator().manual_seed(0))
    pipe.load_textual_inversion({"<mine>": learnt})
    assert moved(plain(pipe, "a <mine>"), plain(pipe, "a c"))
    obeys(pipe, "a <mine>")


def test_clip_skip(pipe: Any) -> None:
    if not hasattr(pipe.text_encoder, "text_model"):
        with pytest.raises(AttributeError, match="text_model"):
            plain(pipe, clip_skip=1)
        pytest.skip("the clip_skip of this diffusers fails with this transformers, feedback or not")
    obeys(pipe, clip_skip=1)


# How a pipeline is called


def embedded(pipe: Any, words: str) -> dict[str, torch.Tensor]:
    """Return the embedding of some words, by the names of the pipeline's arguments."""
    texts = inspect.signature(pipe.encode_prompt).parameters
    found = pipe.encode_prompt(**{name: words for name in ALL_TEXTS if name in texts})
    both = len(found) == 4  # with what is unconditional in between
    return {"prompt_embeds": found[0], "pooled_prompt_embeds": found[2 if both else 1]}


@pytest.mark.parametrize(("family", "pictures"), [("SDXL", 2), ("SD 3", 1), ("Flux true CFG", 2)])
def test_embeddings_instead_of_prompts(family: str, pictures: int) -> None:
    """One picture where diffusers does not repeat given embeddings for several."""
    pipe = ZOO[family].build()
    arguments = {k: v for k, v in ZOO[family].arguments.items() if "prompt" not in k}
    unwanted = {f"negative_{name}": value for name, value in embedded(pipe, "").items()}
    obeys(pipe, "", pictures, **arguments, **embedded(pipe, "a cat"), **unwanted)


def test_likes_without_a_prompt(pipe: Any) -> None:
    fabric = published(pipe)
    reference = made(fabric, seed=40)[0]
    with_it = latents_of(made(fabric, "", liked=[reference]))
    assert moved(with_it, plain(pipe, ""))
    assert torch.equal(latents_of(made(fabric, "")), plain(pipe, ""))


def test_reference_only(pipe: Any) -> None:
    """One liked picture at every step, as other programs have it: a schedule, not a mode."""
    fabric = published(pipe)
    reference = made(fabric, seed=40)[0]
    schedule = Schedule.reference_only()
    only = made(fabric, liked=[reference], schedule=schedule, num_inference_steps=4)
    assert fabric._cache.misses == 4
    assert moved(latents_of(only), plain(pipe, num_inference_steps=4))


# What changes between two rounds


def set_scales(*scales: float) -> Change:
    return lambda pipe: pipe.unet.set_adapters(["one", "two"][: len(scales)], list(scales))


ROUNDS: dict[str, tuple[Change, dict[str, Any]]] = {
    "another scale": (set_scales(0.3, 1.0), {}),
    "one of two": (set_scales(1.0), {}),
    "none": (lambda pipe: pipe.unet.disable_adapters(), {}),
    "fused": (lambda pipe: pipe.unet.fuse_lora(lora_scale=0.5), {}),
    "a scale in the call": (lambda _: None, {"cross_attention_kwargs": {"scale": 0.4}}),
    "FreeU": (lambda pipe: pipe.enable_freeu(s1=0.9, s2=0.2, b1=1.3, b2=1.4), {}),
}


@pytest.mark.parametrize("change", ROUNDS)
def test_references_from_before_are_not_met(pipe: Any, change: str) -> None:
    alter, arguments = ROUNDS[change]
    add_adapters(pipe, "one", "two")
    fabric = published(pipe)
    votes: dict[str, Any] = {"liked": [made(fabric)[0]], "disliked": [made(fabric)[1]]}
    before = latents_of(made(fabric, **votes))
    alter(pipe)
    changed = latents_of(made(fabric, **votes, **arguments))
    anew = latents_of(made(published(pipe), **votes, **arguments))
    assert torch.equal(changed, anew)
    assert moved(changed, before)


@pytest.mark.parametrize("name", ["SD 1 IP-Adapter", "SDXL IP-Adapter"])
def test_the_scale_of_an_image_prompt_between_two_rounds(name: str) -> None:
    family: Family = ZOO[name]
    pipe = family.build()
    fabric = published(pipe)
    votes: dict[str, Any] = {"liked": [made(fabric, **family.arguments)[0]]}
    before = latents_of(made(fabric, **family.arguments, **votes))
    pipe.set_ip_adapter_scale(0.3)
    changed = latents_of(made(fabric, **family.arguments, **votes))
    anew = latents_of(made(published(pipe), **family.arguments, **votes))
    assert torch.equal(changed, anew)
    assert moved(changed, before)


def test_rounds_do_not_compile_a_compiled_transformer_anew() -> None:
    """What is compiled is the model alone, once: nothing of what watches a run."""
    counters = torch._dynamo.utils.counters
    family = ZOO["Flux"]
    pipe = family.build()
    pipe.transformer.compile(backend="eager")
    torch._dynamo.reset()
    counters.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the compiler says of diffusers
        for seed in (1, 2):
            Fabric(pipe)("a cat", num_images=2, seed=seed, **family.arguments)
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]

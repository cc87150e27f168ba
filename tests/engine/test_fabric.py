"""Laws of Fabric: what feedback leaves alone, what it may depend on, and what is put back."""

from __future__ import annotations

import gc
import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, DDIMPipeline, DiffusionPipeline, UNet2DModel
from diffusers.callbacks import SDCFGCutoffCallback
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from peft import LoraConfig
from PIL import Image

from fabric_widget.engine import (
    BadReference,
    Fabric,
    FabricError,
    FabricWarning,
    GeneratedImage,
    GenerationCancelled,
    NoAttentionSites,
    PipelineBusy,
    Progress,
    Round,
    Schedule,
    TokenBudget,
)
from fabric_widget.engine.attention.site import Site
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}
EVERY_STEP = Schedule(end=1)


@pytest.fixture
def fabric(pipe: Any) -> Fabric:
    return Fabric(pipe)


def make(fabric: Fabric, **arguments: Any) -> Round:
    return fabric("a cat", **{"num_images": 2, "seed": 7, **SETTINGS, **arguments})


def latents_of(images: Any) -> torch.Tensor:
    return torch.stack([image.latents for image in images])


def pixels_of(images: Any) -> list[bytes]:
    return [image.image.tobytes() for image in images]


def same(a: Round, b: Round) -> bool:
    return torch.equal(latents_of(a), latents_of(b)) and pixels_of(a) == pixels_of(b)


def difference(a: Any, b: Any) -> float:
    return float((latents_of(a) - latents_of(b)).abs().max())


def bytes_of_tensors() -> int:
    """Return how much memory all tensors that somebody still holds have."""
    gc.collect()
    held = {
        found.untyped_storage().data_ptr(): found.untyped_storage().nbytes()
        for found in gc.get_objects()
        if type(found) in {torch.Tensor, torch.nn.Parameter}
    }
    return sum(held.values())


def picture(seed: int, width: int = 24, height: int = 16) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@contextmanager
def untouched(pipe: Any) -> Iterator[None]:
    """Fail unless the pipeline and the global random state are the same afterwards."""
    modules = list(pipe.unet.modules())

    def state() -> list[Any]:
        return [
            [vars(m).get("forward") for m in modules],
            [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in modules],
            [bool(m.training) for m in modules],
            sorted(vars(pipe.scheduler)),
            dict(pipe._progress_bar_config),
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # type: ignore[index]  # noqa: NPY002  (the global state is what must not move)
        ]

    weights = {name: x.clone() for name, x in pipe.unet.state_dict().items()}
    before = state()
    yield
    assert state() == before
    assert all(torch.equal(weights[name], x) for name, x in pipe.unet.state_dict().items())


# Weight 0, and what feedback does not touch


@pytest.mark.parametrize(
    "silence",
    [
        {"schedule": Schedule(max_weight=0)},
        {"strength": 0},
        {"schedule": Schedule(start=1, end=1)},
    ],
)
def test_weight_zero_is_the_plain_pipeline(fabric: Fabric, silence: dict[str, Any]) -> None:
    first = make(fabric)
    strength = silence.pop("strength", 1)
    silent = make(fabric, liked=[(first[0], strength)], disliked=[(first[1], strength)], **silence)
    assert same(silent, first)


def test_steps_before_the_window_are_plain(fabric: Fabric) -> None:
    first = make(fabric)
    seen: list[list[torch.Tensor]] = []

    def collect(**votes: Any) -> None:
        steps: list[torch.Tensor] = []
        seen.append(steps)

        def note(pipe: object, i: int, t: object, tensors: dict[str, Any]) -> dict[str, Any]:
            del pipe, i, t
            steps.append(tensors["latents"].clone())
            return tensors

        make(fabric, callback_on_step_end=note, **votes)

    schedule = Schedule(start=0.67, end=1)
    collect()
    collect(liked=[first[0]], schedule=schedule)
    plain, fed = seen
    assert [torch.equal(a, b) for a, b in zip(plain, fed, strict=True)] == [True, True, False]


def test_steps_of_weight_zero_compute_no_reference(fabric: Fabric) -> None:
    first = make(fabric)
    make(fabric, liked=[first[0]], schedule=Schedule(start=0.67, end=1))
    assert (fabric._cache.misses, fabric._cache.hits) == (1, 0)


def test_likes_and_dislikes_stay_in_their_branches(fabric: Fabric) -> None:
    """With guidance the conditional branch alone hears likes, the unconditional one dislikes."""
    first = make(fabric)
    halves: list[torch.Tensor] = []
    denoise = fabric.pipe.unet.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        out = denoise(*args, **kwargs)
        halves.append(out[0].clone())
        return out

    fabric.pipe.unet.forward = watched
    outputs = []
    for votes in ({}, {"liked": [first[0]]}, {"disliked": [first[0]]}):
        halves.clear()
        make(fabric, num_inference_steps=1, **votes)
        outputs.append(halves[-1])
    del fabric.pipe.unet.forward
    plain, liked, disliked = (out.chunk(2) for out in outputs)
    assert torch.allclose(liked[0], plain[0], atol=1e-6)
    assert not torch.allclose(liked[1], plain[1], atol=1e-3)
    assert not torch.allclose(disliked[0], plain[0], atol=1e-3)
    assert torch.allclose(disliked[1], plain[1], atol=1e-6)


# What a picture may depend on


def test_same_seeds_and_votes_same_pixels(fabric: Fabric) -> None:
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    assert same(make(fabric, **votes), make(Fabric(tiny.pipeline()), **votes))


def test_order_of_votes_does_not_matter(fabric: Fabric) -> None:
    first = make(fabric, num_images=4)
    votes = list(first)
    assert same(make(fabric, liked=votes), make(fabric, liked=votes[::-1]))


def test_cold_is_warm_to_the_bit(fabric: Fabric) -> None:
    first = make(fabric, num_images=4)
    cold = make(fabric, liked=first[:2], disliked=first[2:])
    assert fabric._cache.hits == 0
    warm = make(fabric, liked=first[:2], disliked=first[2:])
    assert fabric._cache.hits == fabric._cache.misses > 0
    assert same(cold, warm)
    mixed = Fabric(fabric.pipe)
    make(mixed, liked=first[1:3])
    assert same(make(mixed, liked=first[:2], disliked=first[2:]), cold)


THIN = TokenBudget(dense=16)


@pytest.mark.parametrize("token_budget", [TokenBudget(), THIN, TokenBudget.exact()])
def test_what_a_reference_lends_does_not_depend_on_the_others(
    pipe: Any, token_budget: TokenBudget
) -> None:
    """Six at once, or two after four others: the same bits, for batches are of one size."""
    votes = list(make(Fabric(pipe), num_images=6))
    together = make(Fabric(pipe, token_budget=token_budget), liked=votes)
    later = Fabric(pipe, token_budget=token_budget)
    make(later, liked=votes[:4])
    make(later, disliked=votes[3:5])
    assert same(make(later, liked=votes), together)


def test_references_are_computed_in_batches_of_one_size(fabric: Fabric) -> None:
    votes = list(make(fabric, num_images=9))
    rows: list[int] = []
    denoise = fabric.pipe.unet.forward

    def watched(sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        rows.append(len(sample))
        return denoise(sample, *args, **kwargs)

    fabric.pipe.unet.forward = watched
    make(fabric, liked=votes, num_inference_steps=1, schedule=EVERY_STEP)
    del fabric.pipe.unet.forward
    assert rows == [2, 8, 8, 4]  # the layers are found, nine references, two pictures


def test_thinned_references_take_less_memory(pipe: Any) -> None:
    votes = list(make(Fabric(pipe)))
    exact, thin = Fabric(pipe, token_budget=TokenBudget.exact()), Fabric(pipe, token_budget=THIN)
    whole = make(exact, liked=votes)
    part = make(thin, liked=votes)
    assert thin._cache.nbytes * 4 == exact._cache.nbytes
    assert difference(part, whole) > 1e-3


def test_references_recorded_at_every_second_step(pipe: Any) -> None:
    [vote] = make(Fabric(pipe), num_images=1)
    settings = {"liked": [vote], "num_inference_steps": 4, "schedule": EVERY_STEP}
    always, seldom = Fabric(pipe), Fabric(pipe, token_budget=TokenBudget(every=2))
    fed = make(always, **settings)
    assert difference(make(seldom, **settings), fed) > 1e-4
    assert (always._cache.misses, seldom._cache.misses) == (4, 2)


def test_an_economy_is_no_number(pipe: Any) -> None:
    with pytest.raises(TypeError, match="token_budget is a int: give a TokenBudget"):
        Fabric(pipe, token_budget=4)  # type: ignore[arg-type]


def test_the_host_remembers_as_well(fabric: Fabric) -> None:
    first = make(fabric)
    votes = {"liked": [first[0]], "disliked": [first[1]]}
    remembered = make(fabric, **votes)
    hosted = Fabric(fabric.pipe, cache_bytes=0, host_bytes=2**24)
    assert same(make(hosted, **votes), remembered)
    computed = hosted._cache.misses
    assert same(make(hosted, **votes), remembered)
    assert hosted._cache.misses == computed == hosted._cache.hits
    with pytest.raises(ValueError, match="host_bytes is -1: give 0 or more"):
        Fabric(fabric.pipe, host_bytes=-1)


def test_without_a_cache_it_agrees(fabric: Fabric) -> None:
    first = make(fabric)
    remembered = make(fabric, liked=[first[0]])
    forgetful = Fabric(fabric.pipe, cache_bytes=0)
    assert difference(make(forgetful, liked=[first[0]]), remembered) <= 1e-6
    assert len(forgetful._cache) == 0


@pytest.mark.parametrize("cache_bytes", [0, None])
def test_memory_grows_with_rounds_by_the_cache_alone(pipe: Any, cache_bytes: int | None) -> None:
    fabric = Fabric(pipe, cache_bytes=cache_bytes)
    beyond = []
    for number in range(5):
        liked = [*make(fabric, seed=100 * number), picture(0)]
        make(fabric, liked=liked)
        del liked
        beyond.append(bytes_of_tensors() - fabric._cache.nbytes)
    assert beyond[1:] == beyond[1:2] * 4  # a first round fits the previews
    assert (fabric._cache.nbytes > 0) == (cache_bytes is None)


def test_cache_outlives_prompt_seed_and_number(fabric: Fabric) -> None:
    first = make(fabric)
    make(fabric, liked=[first[0]])
    computed = fabric._cache.misses
    fabric("a dog", num_images=3, seed=99, liked=[first[0]], negative_prompt="b", **SETTINGS)
    assert fabric._cache.misses == computed


def test_changed_weights_are_noticed(fabric: Fabric) -> None:
    first = make(fabric)
    make(fabric, liked=[first[0]])
    with torch.no_grad():
        fabric.pipe.unet.conv_in.weight.data.mul_(1.5)
    assert same(
        make(fabric, liked=[first[0]]),
        make(Fabric(fabric.pipe), liked=[first[0]]),
    )


def test_copies_count_once(fabric: Fabric) -> None:
    first = make(fabric)
    for schedule in (Schedule(), Schedule.paper()):
        once = make(fabric, liked=[first[0]], schedule=schedule)
        assert same(make(fabric, liked=[first[0]] * 3, schedule=schedule), once)


def test_strength_is_monotonous_at_the_limits(fabric: Fabric) -> None:
    first = make(fabric)
    plain = make(fabric)
    weak, strong = (make(fabric, liked=[(first[1], s)]) for s in (1e-6, 2))
    assert difference(weak, plain) < 1e-3 < difference(strong, plain)


def test_negative_strength_moves_to_the_other_side(fabric: Fabric) -> None:
    first = make(fabric)
    assert same(make(fabric, liked=[(first[0], -0.5)]), make(fabric, disliked=[(first[0], 0.5)]))
    assert same(make(fabric, disliked=[(first[0], -2)]), make(fabric, liked=[(first[0], 2)]))


def test_a_faint_reference_hardly_dilutes(fabric: Fabric) -> None:
    first = make(fabric)
    alone = make(fabric, liked=[first[0]])
    assert difference(make(fabric, liked=[first[0], (first[1], 1e-6)]), alone) < 1e-3


def test_each_picture_can_be_made_again_alone(fabric: Fabric) -> None:
    votes = {"liked": [picture(3)], "disliked": [picture(4)]}
    together = make(fabric, num_images=3, seed=40, **votes)
    alone = make(fabric, num_images=1, seed=together[2].seed, **votes)
    assert together[2].seed == 42
    assert difference(alone, together[2:]) < 1e-4


def test_guidance_switched_off_on_the_way(fabric: Fabric) -> None:
    first = make(fabric)
    cutoff = SDCFGCutoffCallback(cutoff_step_ratio=None, cutoff_step_index=1)
    settings = {"callback_on_step_end": cutoff, "num_images": 1, "schedule": EVERY_STEP}
    plain = make(fabric, **settings)
    fed = make(fabric, liked=[first[0]], **settings)
    assert difference(fed, plain) > 1e-3


@pytest.mark.parametrize(
    ("schedule", "fine", "coarse"),
    [
        (
            Schedule(end=1, bottleneck_scale=0.25),
            {"likes": [0.8 * 2 / 3, 0.8 * 1 / 3], "dislikes": [0.4]},
            {"likes": [0.2 * 2 / 3, 0.2 * 1 / 3], "dislikes": [0.1]},
        ),
        (
            Schedule.paper(),
            {"likes": [0.8, 0.4], "dislikes": [0.4]},
            {"likes": [0.8, 0.4], "dislikes": [0.4]},
        ),
        (
            Schedule(end=1, bottleneck_scale=0, neg_scale=0),
            {"likes": [0.8 * 2 / 3, 0.8 * 1 / 3], "dislikes": []},
            {"likes": [], "dislikes": []},
        ),
    ],
    ids=["normalised", "paper", "finest likes only"],
)
def test_weights_that_reach_the_layers(
    fabric: Fabric,
    monkeypatch: pytest.MonkeyPatch,
    schedule: Schedule,
    fine: dict[str, list[float]],
    coarse: dict[str, list[float]],
) -> None:
    seen: dict[int, dict[str, list[float]]] = {}
    forward = Site.forward

    def watched(site: Site, *args: Any, **kwargs: Any) -> Any:
        if not site.recording:
            found: dict[str, list[float]] = {"likes": [], "dislikes": []}
            for borrowing in site.borrowings:
                branch = "likes" if borrowing.rows == slice(2, 4) else "dislikes"
                found[branch] += [math.exp(loan.log_weight) for loan in borrowing.loans]
            seen[site.place.tokens] = {name: sorted(x)[::-1] for name, x in found.items()}
        return forward(site, *args, **kwargs)

    first = make(fabric, num_images=3)
    monkeypatch.setattr(Site, "forward", watched)
    votes = {"liked": [first[0], (first[1], 0.5)], "disliked": [first[2]]}
    make(fabric, num_inference_steps=1, schedule=schedule, **votes)
    assert seen.keys() == {64, 16}
    for tokens, expected in ((64, fine), (16, coarse)):
        for name, weights in expected.items():
            assert seen[tokens][name] == pytest.approx(weights)


def test_a_larger_picture_does_not_count_more(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    masses: set[float] = set()
    forward = Site.forward

    def watched(site: Site, *args: Any, **kwargs: Any) -> Any:
        for borrowing in site.borrowings:
            for keys, _, log_weight in borrowing.loans:
                masses.add(round(math.exp(log_weight) * keys.shape[2] / site.place.tokens, 6))
        return forward(site, *args, **kwargs)

    wide = make(fabric, height=16, width=64)
    monkeypatch.setattr(Site, "forward", watched)
    make(fabric, liked=[wide[0]], num_inference_steps=1)
    assert masses == {0.8}


@pytest.mark.parametrize("size", [(24, 16), (16, 40), (7, 5), (1, 1), (300, 20)])
def test_references_of_any_size(fabric: Fabric, size: tuple[int, int]) -> None:
    plain = make(fabric)
    assert difference(make(fabric, liked=[picture(0, *size)]), plain) > 1e-3


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_generated_images_of_another_size(family: str) -> None:
    fabric = Fabric(tiny.pipeline(family))
    first = make(fabric, height=16, width=32)
    second = make(fabric, height=32, width=16, liked=[first[0]], disliked=[picture(1)])
    assert second[0].latents.shape == (4, 16, 8)
    assert second[0].image.size == (16, 32)


def test_two_denoiser_calls_a_step_get_two_noise_levels() -> None:
    fabric = Fabric(tiny.pipeline(sampler="Heun"))
    first = make(fabric)
    steps: list[Progress] = []
    make(fabric, liked=[first[0]], schedule=EVERY_STEP, on_step=steps.append)
    assert [(p.step, p.steps) for p in steps] == [(i, 5) for i in range(1, 6)]
    assert (fabric._cache.misses, fabric._cache.hits) == (3, 2)


# What is put back


@pytest.mark.parametrize("sampler", ["DDIM", "PNDM", "Euler ancestral", "DPM++ 2M"])
def test_nothing_is_left_behind(sampler: str) -> None:
    pipe = tiny.pipeline(sampler=sampler)
    fabric = Fabric(pipe)
    first = make(fabric)
    with untouched(pipe):
        make(fabric, liked=[first[0]], disliked=[picture(1)], on_step=Progress.previews)
    assert same(make(fabric), first)


def failing_at(pipe: Any, place: str, error: BaseException) -> Any:
    """Return a context manager under which a part of the pipeline fails."""
    owner, name, calls = {
        "text encoder": (pipe.text_encoder, "forward", 0),
        "encoding a picture": (pipe.vae, "encode", 0),
        "measuring": (pipe.unet.mid_block, "forward", 0),
        "a reference": (pipe.unet.mid_block, "forward", 1),
        "a step": (pipe.unet.mid_block, "forward", 4),
        "the scheduler": (pipe.scheduler, "step", 1),
        "decoding": (pipe.vae, "decode", 0),
    }[place]

    @contextmanager
    def broken() -> Iterator[None]:
        plain, count = getattr(owner, name), 0

        def fail(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count > calls:
                raise error
            return plain(*args, **kwargs)

        setattr(owner, name, fail)
        try:
            yield
        finally:
            delattr(owner, name)

    return broken()


PLACES = (
    "text encoder",
    "encoding a picture",
    "measuring",
    "a reference",
    "a step",
    "the scheduler",
    "decoding",
)


@pytest.mark.parametrize("place", PLACES)
def test_out_of_memory_leaves_a_whole_pipeline(pipe: Any, place: str) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    expected = make(Fabric(tiny.pipeline()), **votes)
    make(fabric, liked=[first[0]], schedule=EVERY_STEP)
    fails = failing_at(pipe, place, torch.OutOfMemoryError("no memory left"))
    with untouched(pipe), fails, pytest.raises(torch.OutOfMemoryError):
        make(fabric, **votes)
    assert (len(fabric._cache), fabric._cache.nbytes) == (0, 0)
    assert same(make(fabric), first)
    assert same(make(fabric, **votes), expected)


def test_an_error_in_the_callback_comes_out(pipe: Any) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)

    def fail(progress: Progress) -> None:
        message = f"at {progress.step}"
        raise LookupError(message)

    with untouched(pipe), pytest.raises(LookupError, match="at 1"):
        make(fabric, liked=[first[0]], on_step=fail)
    assert same(make(fabric), first)


# Cancelling, and two at once


def test_cancel_from_the_callback(pipe: Any) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)
    steps: list[int] = []

    def stop_at_two(progress: Progress) -> None:
        steps.append(progress.step)
        if progress.step == 2:
            fabric.cancel()

    with untouched(pipe), pytest.raises(GenerationCancelled, match="after 2 steps"):
        make(fabric, liked=[first[0]], on_step=stop_at_two)
    assert steps == [1, 2]
    assert len(fabric._cache) > 0  # a change of mind costs no memory of references
    assert same(make(fabric), first)


def test_cancel_from_another_thread(fabric: Fabric) -> None:
    def from_elsewhere(progress: Progress) -> None:
        del progress
        thread = threading.Thread(target=fabric.cancel)
        thread.start()
        thread.join()

    with pytest.raises(GenerationCancelled, match="after 1 steps"):
        make(fabric, on_step=from_elsewhere)


def test_cancel_while_decoding(pipe: Any) -> None:
    fabric = Fabric(pipe)
    plain = pipe.vae.decode

    def cancelled(*args: Any, **kwargs: Any) -> Any:
        fabric.cancel()
        return plain(*args, **kwargs)

    pipe.vae.decode = cancelled
    with pytest.raises(GenerationCancelled):
        make(fabric)
    del pipe.vae.decode


def test_cancel_without_a_run_does_nothing(fabric: Fabric) -> None:
    fabric.cancel()
    assert len(make(fabric)) == 2


@pytest.mark.parametrize("other", ["same object", "same pipeline", "same denoiser"])
def test_a_second_thread_is_told_at_once(pipe: Any, other: str) -> None:
    fabric = Fabric(pipe)
    sharing = type(pipe)(**pipe.components, requires_safety_checker=False)
    sharing.set_progress_bar_config(disable=True)
    second = {
        "same object": fabric,
        "same pipeline": Fabric(pipe),
        "same denoiser": Fabric(sharing),
    }[other]
    raised: list[BaseException] = []

    def try_it() -> None:
        try:
            make(second)
        except PipelineBusy as error:
            raised.append(error)

    def meanwhile(progress: Progress) -> None:
        if progress.step == 1:
            thread = threading.Thread(target=try_it)
            thread.start()
            thread.join()

    made = make(fabric, on_step=meanwhile)
    assert [str(error) for error in raised] == [
        "another run is using this StableDiffusionPipeline: wait until it has ended or cancel it"
    ]
    assert same(made, make(second))


def test_a_run_inside_a_run_is_busy(fabric: Fabric) -> None:
    with pytest.raises(PipelineBusy):
        make(fabric, on_step=lambda _: make(fabric))
    assert len(make(fabric)) == 2


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
    ours = Fabric(pipe)("a cat", num_images=2, seed=7, output_type="np", **arguments)
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
    fabric = Fabric(pipe)
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
    fabric = Fabric(pipe)
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
    assert same(halved, make(Fabric(fabric.pipe), liked=[first[0]]))
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
    assert same(make(Fabric(pipe), **votes), expected)


def test_half_precision(pipe: Any) -> None:
    pipe.to(torch.bfloat16)
    fabric = Fabric(pipe)
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    fed = make(fabric, **votes)
    assert latents_of(fed).isfinite().all()
    assert difference(fed, first) > 1e-2
    assert same(make(fabric, **votes), fed)
    assert all(image.latents.dtype == torch.float32 for image in fed)


# Progress


def test_progress_and_previews(fabric: Fabric) -> None:
    seen: list[tuple[int, int, list[tuple[int, int]]]] = []

    def note(progress: Progress) -> None:
        sizes = [preview.size for preview in progress.previews()]
        seen.append((progress.step, progress.steps, sizes))

    make(fabric, on_step=note)
    assert seen == [(i, 3, [(8, 8)] * 2) for i in (1, 2, 3)]


def test_previews_are_made_only_when_asked_for(pipe: Any) -> None:
    decoder = AutoencoderTiny(
        encoder_block_out_channels=(4, 4),
        decoder_block_out_channels=(4, 4),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )
    decoded: list[int] = []
    decoder.decoder.register_forward_hook(lambda *_: decoded.append(1))
    fabric = Fabric(pipe, preview=decoder)
    kept: list[Progress] = []
    make(fabric, on_step=kept.append)
    assert not decoded
    assert [preview.size for preview in kept[-1].previews()] == [(16, 16)] * 2
    assert decoded


def test_previews_can_be_made_after_the_run(fabric: Fabric) -> None:
    kept: list[Progress] = []
    make(fabric, on_step=kept.append)
    prefetched, late = kept[0].previews()[0], kept[-1].previews()[0]
    assert prefetched.tobytes() != late.tobytes()


def test_without_an_autoencoder_there_are_no_previews() -> None:
    assert Progress(1, 2).previews() == []


# Bad input


@pytest.mark.parametrize("number", [0, -1, 65, 2.0, True, "4", None])
def test_number_of_images(fabric: Fabric, number: object) -> None:
    with pytest.raises(ValueError, match=r"num_images is .*give a whole number from 1 to 64"):
        make(fabric, num_images=number)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "0", None, False])
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
    pipe.unet.set_attn_processor(AttnProcessor())
    assert len(make(fabric)) == 2  # nothing to lend, nothing to miss
    with pytest.raises(NoAttentionSites) as caught:
        make(fabric, liked=[first[0]])
    for word in ("xformers", "disable_attention_slicing", "linear attention", "AttnProcessor2_0"):
        assert word in str(caught.value)
    pipe.unet.set_attn_processor(AttnProcessor2_0())
    assert difference(make(fabric, liked=[first[0]]), first) > 1e-3


def test_sliced_attention_and_its_cure(pipe: Any) -> None:
    fabric = Fabric(pipe)
    first = make(fabric)
    pipe.enable_attention_slicing()
    with pytest.raises(NoAttentionSites, match=r"pipe\.disable_attention_slicing\(\)"):
        make(fabric, liked=[first[0]])
    pipe.disable_attention_slicing()
    assert difference(make(fabric, liked=[first[0]]), first) > 1e-3


@pytest.mark.parametrize("conditional", [True, False])
def test_a_second_call_a_step_is_told_by_its_words(pipe: Any, conditional: bool) -> None:
    """A call beside the usual one hears likes if it is about the prompt, and dislikes if not."""
    fabric = Fabric(pipe)
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

"""Laws of Fabric: what a picture may depend on, and what it may not."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from diffusers.callbacks import SDCFGCutoffCallback

from fabric_widget.engine import (
    Fabric,
    Progress,
    Schedule,
    TokenBudget,
)
from fabric_widget.engine.attention.site import Site
from fabric_widget.zoo import tiny
from tests.engine.rounds import (
    EVERY_STEP,
    SETTINGS,
    THIN,
    bytes_of_tensors,
    difference,
    make,
    picture,
    published,
    same,
)

# What a picture may depend on


def test_same_seeds_and_votes_same_pixels(fabric: Fabric) -> None:
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    assert same(make(fabric, **votes), make(published(tiny.pipeline()), **votes))


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
    mixed = published(fabric.pipe)
    make(mixed, liked=first[1:3])
    assert same(make(mixed, liked=first[:2], disliked=first[2:]), cold)


@pytest.mark.parametrize("token_budget", [TokenBudget(), THIN, TokenBudget.exact()])
def test_what_a_reference_lends_does_not_depend_on_the_others(
    pipe: Any, token_budget: TokenBudget
) -> None:
    """Six at once, or two after four others: the same bits, for batches are of one size."""
    votes = list(make(published(pipe), num_images=6))
    together = make(published(pipe, token_budget=token_budget), liked=votes)
    later = published(pipe, token_budget=token_budget)
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
    votes = list(make(published(pipe)))
    exact, thin = (
        published(pipe, token_budget=TokenBudget.exact()),
        published(pipe, token_budget=THIN),
    )
    whole = make(exact, liked=votes)
    part = make(thin, liked=votes)
    assert thin._cache.nbytes * 4 == exact._cache.nbytes
    assert difference(part, whole) > 1e-3


def test_references_recorded_at_every_second_step(pipe: Any) -> None:
    [vote] = make(published(pipe), num_images=1)
    settings = {"liked": [vote], "num_inference_steps": 4, "schedule": EVERY_STEP}
    always, seldom = published(pipe), published(pipe, token_budget=TokenBudget(every=2))
    fed = make(always, **settings)
    assert difference(make(seldom, **settings), fed) > 1e-4
    assert (always._cache.misses, seldom._cache.misses) == (4, 2)


def test_an_economy_is_no_number(pipe: Any) -> None:
    with pytest.raises(TypeError, match="token_budget is a int: give a TokenBudget"):
        published(pipe, token_budget=4)


def test_the_host_remembers_as_well(fabric: Fabric) -> None:
    first = make(fabric)
    votes = {"liked": [first[0]], "disliked": [first[1]]}
    remembered = make(fabric, **votes)
    hosted = published(fabric.pipe, cache_bytes=0, host_bytes=2**24)
    assert same(make(hosted, **votes), remembered)
    computed = hosted._cache.misses
    assert same(make(hosted, **votes), remembered)
    assert hosted._cache.misses == computed == hosted._cache.hits
    with pytest.raises(ValueError, match="host_bytes is -1: give 0 or more"):
        published(fabric.pipe, host_bytes=-1)


def test_without_a_cache_it_agrees(fabric: Fabric) -> None:
    first = make(fabric)
    remembered = make(fabric, liked=[first[0]])
    forgetful = published(fabric.pipe, cache_bytes=0)
    assert difference(make(forgetful, liked=[first[0]]), remembered) <= 1e-6
    assert len(forgetful._cache) == 0


@pytest.mark.parametrize("cache_bytes", [0, None])
def test_memory_grows_with_rounds_by_the_cache_alone(pipe: Any, cache_bytes: int | None) -> None:
    fabric = published(pipe, cache_bytes=cache_bytes)
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
        make(published(fabric.pipe), liked=[first[0]]),
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
    fabric = published(tiny.pipeline(family))
    first = make(fabric, height=16, width=32)
    second = make(fabric, height=32, width=16, liked=[first[0]], disliked=[picture(1)])
    assert second[0].latents.shape == (4, 16, 8)
    assert second[0].image.size == (16, 32)


def test_two_denoiser_calls_a_step_get_two_noise_levels() -> None:
    fabric = published(tiny.pipeline(sampler="Heun"))
    first = make(fabric)
    steps: list[Progress] = []
    make(fabric, liked=[first[0]], schedule=EVERY_STEP, on_step=steps.append)
    assert [(p.step, p.steps) for p in steps] == [(i, 5) for i in range(1, 6)]
    assert (fabric._cache.misses, fabric._cache.hits) == (3, 2)

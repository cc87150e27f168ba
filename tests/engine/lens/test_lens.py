"""Laws of the lens: it changes nothing, and what it shows adds up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from diffusers import AutoPipelineForImage2Image
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.engine import Fabric, Influence, Lens, Schedule, TokenBudget
from fabric_widget.engine.fingerprint import seed_of
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import EVERY_STEP, make, published

if TYPE_CHECKING:
    from fabric_widget.engine import Round

TOLERANCE = 2e-3  # of numbers up to 1 with the precision of half a float
EVERYTHING = Lens(image=1)
CHEAP = Lens(image=None, looks=False, parts=1, cells=1, steps=2)


@pytest.fixture
def fabric(pipe: Any) -> Fabric:
    return published(pipe, schedule=EVERY_STEP)


def voted(fabric: Fabric, **arguments: Any) -> dict[str, Any]:
    made = make(fabric, num_images=3, seed=40, **arguments)
    return {"liked": [made[0], (made[1], 0.5)], "disliked": [made[2]], **arguments}


def influence_of(made: Round) -> Influence:
    assert made.influence is not None
    return made.influence


def adds_up(influence: Influence) -> None:
    """Fail unless own attention and shares are one at every place, and looks are the shares."""
    for part in (None, *range(len(influence.parts))):
        for level in (None, *range(len(influence.levels))):
            shares = influence.shares(level=level, part=part)
            assert shares.min() >= 0
            for liked in (True, False):
                side = [i for i, seen in enumerate(influence.references) if seen.liked == liked]
                own = influence.own(liked=liked, level=level, part=part)
                assert own.shape == shares.shape[1:]
                assert (own + shares[side].sum(0) - 1).abs().max() < TOLERANCE
            if level is None:
                continue
            rows, columns = influence.levels[level].rows, influence.levels[level].columns
            assert shares.shape == (len(influence.references), rows, columns)
            for i, share in enumerate(shares):
                looks = influence.looks(i, level=level, part=part)
                assert looks.shape[:2] == (rows, columns)
                assert (looks.sum((2, 3)) - share).abs().max() < TOLERANCE


@pytest.mark.parametrize("lens", [EVERYTHING, CHEAP])
def test_a_lens_changes_no_picture(fabric: Fabric, lens: Lens) -> None:
    votes = voted(fabric)
    plain, seen = make(fabric, **votes), make(fabric, **votes, lens=lens)
    assert seen.influence is not None
    for a, b in zip(plain, seen, strict=True):
        assert torch.equal(a.latents, b.latents)
        assert a.image.tobytes() == b.image.tobytes()


def test_all_attention_is_told(fabric: Fabric) -> None:
    influence = influence_of(make(fabric, **voted(fabric), lens=EVERYTHING))
    adds_up(influence)
    assert [seen.strength for seen in influence.references] in ([1, 0.5, -1], [0.5, 1, -1])
    assert influence.image == 1
    assert [level.tokens for level in influence.levels] == [64, 16]
    assert influence.parts == (range(1), range(1, 2), range(2, 3))


def test_without_a_lens_nothing_is_told(fabric: Fabric) -> None:
    made = make(fabric, **voted(fabric))
    assert made.influence is None
    assert made.contributions == {}


@pytest.mark.parametrize(
    "arguments", [{}, {"schedule": Schedule(max_weight=0)}], ids=["no votes", "no weight"]
)
def test_where_nothing_is_lent_nothing_is_told(fabric: Fabric, arguments: dict[str, Any]) -> None:
    votes = voted(fabric) if arguments else {}
    made = make(fabric, **votes, **arguments, lens=Lens())
    assert made.influence is None
    assert made.contributions == {}


@pytest.mark.parametrize(("side", "prompt"), [("liked", ""), ("disliked", "a cat")])
def test_a_reference_that_is_the_picture_draws_what_the_formula_says(
    fabric: Fabric, side: str, prompt: str
) -> None:
    """The picture starts as the reference with its noise, and is conditioned like it."""
    [image] = make(fabric, num_images=1)
    scheduler = fabric.pipe.scheduler
    scheduler.set_timesteps(1)
    noise = torch.randn(
        (1, *image.latents.shape), generator=torch.Generator().manual_seed(seed_of(image.id))
    )
    start = scheduler.add_noise(image.latents[None], noise, scheduler.timesteps)
    votes: dict[str, Any] = {side: [image]}
    made = fabric(
        prompt,
        num_images=1,
        latents=start / scheduler.init_noise_sigma,
        num_inference_steps=1,
        guidance_scale=3.0,
        lens=Lens(),
        **votes,
    )
    weight = fabric.schedule.max_weight * (fabric.schedule.neg_scale if side == "disliked" else 1)
    influence = influence_of(made)
    for level in range(2):
        assert (influence.shares(level=level) - weight / (1 + weight)).abs().max() < TOLERANCE


def test_the_order_of_votes_does_not_matter(fabric: Fabric) -> None:
    votes = voted(fabric)
    ahead = make(fabric, **votes, lens=Lens())
    back = make(fabric, **votes | {"liked": votes["liked"][::-1]}, lens=Lens())
    assert ahead.contributions == back.contributions


def test_the_mean_over_pictures_is_that_of_each(fabric: Fabric) -> None:
    votes = voted(fabric)
    each = [influence_of(make(fabric, **votes, lens=Lens(image=i))) for i in range(2)]
    both = influence_of(make(fabric, **votes, lens=Lens(image=None)))
    for level in range(2):
        shares = [influence.shares(level=level) for influence in each]
        assert (shares[0] - shares[1]).abs().max() > TOLERANCE
        assert (sum(shares) / 2 - both.shares(level=level)).abs().max() < TOLERANCE
    assert (
        each[0].looks(0, level=0) + each[1].looks(0, level=0) - 2 * both.looks(0, level=0)
    ).abs().max() < TOLERANCE


def test_contributions_are_mean_shares(fabric: Fabric) -> None:
    made = make(fabric, **voted(fabric), lens=Lens())
    influence = influence_of(made)
    for seen, share in zip(influence.references, influence.shares(), strict=True):
        assert made.contributions[seen.id] == pytest.approx(float(share.mean()))
    cheap = make(fabric, **voted(fabric), lens=Lens(looks=False, parts=1, cells=1))
    assert cheap.contributions == pytest.approx(dict(made.contributions), abs=TOLERANCE)


def test_the_mean_over_levels_counts_sites(fabric: Fabric) -> None:
    influence = influence_of(make(fabric, **voted(fabric), lens=Lens()))
    fine, coarse = (influence.shares(level=level) for level in range(2))
    sites = [level.sites for level in influence.levels]
    repeated = coarse.repeat_interleave(2, 1).repeat_interleave(2, 2)
    mean = (fine * sites[0] + repeated * sites[1]) / sum(sites)
    assert (influence.shares() - mean).abs().max() < 1e-5


@pytest.mark.parametrize(
    "token_budget", [TokenBudget.exact(), TokenBudget(stride=3, dense=16, share=0.5)]
)
def test_thinned_references_are_told_as_well(pipe: Any, token_budget: TokenBudget) -> None:
    fabric = published(pipe, schedule=EVERY_STEP, token_budget=token_budget)
    adds_up(influence_of(make(fabric, **voted(fabric), lens=Lens())))


def test_references_of_other_sizes_have_maps_of_their_own(fabric: Fabric) -> None:
    wide = Image.effect_noise((64, 32), 90).convert("RGB")
    influence = influence_of(make(fabric, liked=[wide], lens=Lens(), height=16, width=24))
    adds_up(influence)
    looks = influence.looks(0, level=0)
    assert (influence.levels[0].rows, influence.levels[0].columns) == (8, 12)
    assert looks.shape[3] > looks.shape[2] > 1


def test_a_picture_made_from_a_picture_has_its_proportions(pipe: Any) -> None:
    fabric = published(AutoPipelineForImage2Image.from_pipe(pipe), schedule=EVERY_STEP)
    start = Image.effect_noise((24, 16), 90).convert("RGB")
    made = make(fabric, liked=[start], lens=Lens(), image=start, strength=1.0)
    level = influence_of(made).levels[0]
    assert (level.rows, level.columns) == (8, 12)


def test_each_side_is_one_where_there_is_only_one(fabric: Fabric) -> None:
    votes = voted(fabric)
    influence = influence_of(make(fabric, disliked=votes["disliked"], lens=Lens()))
    adds_up(influence)
    assert (influence.own(liked=True) == 1).all()
    assert influence.own(liked=False).max() < 1


def test_where_the_coarsest_level_borrows_nothing_all_stays(fabric: Fabric) -> None:
    schedule = Schedule(end=1, bottleneck_scale=0)
    influence = influence_of(make(fabric, **voted(fabric), lens=Lens(), schedule=schedule))
    adds_up(influence)
    assert influence.shares(level=1).max() == 0
    assert influence.shares(level=0).min() > 0


def test_a_solver_of_second_order_is_told(pipe: Any) -> None:
    pipe.scheduler = tiny.scheduler("Heun")
    fabric = published(pipe, schedule=EVERY_STEP)
    adds_up(influence_of(make(fabric, **voted(fabric), lens=Lens())))


@pytest.mark.parametrize(("name", "guidance"), [("Flux", 3.0), ("SD 3", 3.0), ("SD 3", 1.0)])
def test_joint_attention_and_no_guidance_are_told(name: str, guidance: float) -> None:
    """Text stays with the picture's own; without guidance dislikes are seen where they push."""
    fabric = published(ZOO[name].build(), schedule=EVERY_STEP)
    arguments = {"guidance_scale": guidance}
    votes = voted(fabric, **arguments)
    influence = influence_of(make(fabric, **votes, lens=Lens()))
    adds_up(influence)
    assert {seen.liked for seen in influence.references} == {True, False}
    assert influence.shares().amax((1, 2)).min() > 0


def test_a_lens_keeps_within_its_bytes(fabric: Fabric) -> None:
    votes = voted(fabric)
    whole = influence_of(make(fabric, **votes, lens=Lens()))
    limit = 60_000
    assert whole.nbytes > limit
    small = influence_of(make(fabric, **votes, lens=Lens(nbytes=limit)))
    assert small.nbytes <= limit
    assert small.levels[0].rows < whole.levels[0].rows
    adds_up(small)
    with pytest.raises(ValueError, match="give more nbytes or fewer parts"):
        make(fabric, **votes, lens=Lens(nbytes=99))


@given(
    st.lists(st.integers(1, 4096), min_size=1, max_size=4, unique=True),
    st.integers(1, 20),
    st.integers(1, 10**7),
    st.booleans(),
)
def test_what_is_planned_fits(
    levels: list[int],
    references: int,
    nbytes: int,
    looks: bool,
) -> None:
    lens = Lens(nbytes=nbytes, looks=looks)
    try:
        cells = lens.affordable(levels, references)
    except ValueError:
        cells = 0
    else:
        assert 1 <= cells <= lens.cells
    for side, fits in ((cells, True), (cells + 1, False)):
        if 0 < side <= lens.cells:
            places = [min(n, side**2) for n in levels]
            each = 2 + references * (1 + (side**2 if looks else 0))
            assert (sum(places) * each * (2 * lens.parts + 4) <= nbytes) == fits


@given(st.integers(1, 60), st.integers(0, 9), st.integers(1, 12), st.none() | st.integers(1, 70))
def test_parts_and_recorded_steps(count: int, first: int, parts: int, steps: int | None) -> None:
    counting = range(first, first + count)
    divided = Lens(parts=parts, steps=steps).divided(counting)
    assert len(divided) == min(parts, count, steps or count)
    assert [n for part in divided for n in part.steps] == list(counting)
    for part in divided:
        assert part.recorded
        assert part.recorded <= set(part.steps)
    recorded = sum(len(part.recorded) for part in divided)
    if steps is None:
        assert recorded == count
    else:
        assert recorded <= steps


def test_recorded_steps_are_those_asked_for(fabric: Fabric) -> None:
    arguments = voted(fabric) | {"num_inference_steps": 8, "schedule": Schedule(end=0.5)}
    influence = influence_of(make(fabric, **arguments, lens=Lens(steps=2, parts=4)))
    assert influence.parts == (range(2), range(2, 5))
    assert influence.steps == (1, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": -1}, "give 0 or more or None"),
        ({"parts": 0}, "give 1 or more"),
        ({"cells": 0}, "give 1 or more"),
        ({"steps": 0}, "give 1 or more or None"),
        ({"nbytes": 0}, "give 1 or more"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lens(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"image": 1.0}, {"parts": "4"}, {"cells": None}, {"steps": True}, {"looks": 1}],
)
def test_settings_of_another_kind(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="give"):
        Lens(**settings)


def test_numbers_of_numpy_are_numbers() -> None:
    assert dataclasses.replace(Lens(), image=np.int64(3)).image == 3  # type: ignore[arg-type]


def test_a_lens_for_a_picture_that_is_not_made(fabric: Fabric) -> None:
    with pytest.raises(ValueError, match="image 2, but 2 images are made: give 0 … 1, or None"):
        make(fabric, lens=Lens(image=2))
    with pytest.raises(TypeError, match="lens is a int: give a Lens"):
        make(fabric, lens=3)


def test_asking_for_what_was_not_recorded(fabric: Fabric) -> None:
    votes = voted(fabric)
    influence = influence_of(make(fabric, **votes, lens=Lens(looks=False)))
    with pytest.raises(ValueError, match=r"Lens\(looks=True\)"):
        influence.looks(0, level=0)
    with pytest.raises(ValueError, match="level is 2: give 0 … 1"):
        influence.shares(level=2)
    with pytest.raises(ValueError, match="part is -1: give 0 … 2"):
        influence.own(liked=True, part=-1)
    with pytest.raises(ValueError, match="reference is 3: give 0 … 2"):
        influence.looks(3, level=0)

"""Pictures of one call that each follow something of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from fabric_widget.engine import (
    Everything,
    Explore,
    Fabric,
    GeneratedImage,
    Lens,
    Recipe,
    Round,
    Start,
    TokenBudget,
    Vote,
)
from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.votes.aspects import AspectTable, AspectWeights
from fabric_widget.engine.votes.votes import read_votes
from fabric_widget.zoo import ZOO, tiny
from tests.engine.families import one_of_each_kind
from tests.engine.rounds import EVERY_STEP, SETTINGS, difference, latents_of, make, picture, same

BATCHES = 2e-3  # what another size of the batch may change


@pytest.fixture
def shown(fabric: Fabric) -> Round:
    return make(fabric, num_images=3, seed=1)


def recipe(*liked: Any, disliked: Any = (), **others: Any) -> Recipe:
    votes = read_votes(liked, disliked)
    return Recipe(votes.liked, votes.disliked, **others)


def start_of(image: GeneratedImage) -> torch.Tensor:
    assert image.trajectory is not None
    assert image.trajectory.start is not None
    return image.trajectory.start


def mixed(shown: Round) -> list[Recipe]:
    return [
        recipe(shown[0]),
        recipe(Vote(shown[1], aspect="colors"), Vote(shown[2], aspect="form")),
        recipe(Vote(shown[1], part=(0, 0, 9, 12)), Vote(shown[2], 0.5, part=(3, 2, 16, 9))),
        recipe(start=Start(shown[0], 0.5)),
        Recipe(),
        recipe(Vote(shown[0], 2.0, part=(2, 2, 9, 9), in_place=False), disliked=[shown[1]]),
    ]


def test_a_picture_of_a_mixed_round_is_that_made_alone(fabric: Fabric, shown: Round) -> None:
    plan = mixed(shown)
    together = make(fabric, num_images=6, seed=20, plan=plan, schedule=EVERY_STEP)
    for i, one in enumerate(plan):
        alone = make(fabric, num_images=1, seed=20 + i, plan=[one], schedule=EVERY_STEP)
        assert difference(together[i : i + 1], alone) < BATCHES
    plain = make(fabric, num_images=6, seed=20)
    assert difference(together[4:5], plain[4:5]) < BATCHES
    others = [i for i in range(6) if i != 4]
    assert all(difference(together[i : i + 1], plain[i : i + 1]) > 10 * BATCHES for i in others)


@pytest.mark.parametrize("index", [1, 5])
def test_the_lens_tells_of_a_picture_of_a_mixed_round_what_it_tells_of_it_alone(
    fabric: Fabric, shown: Round, index: int
) -> None:
    plan, seen = mixed(shown), {"num_inference_steps": 3, "schedule": EVERY_STEP}
    together = make(fabric, num_images=6, seed=20, plan=plan, lens=Lens(image=index), **seen)
    one = {"num_images": 1, "seed": 20 + index, "plan": [plan[index]]}
    alone = make(fabric, **one, lens=Lens(image=0), **seen)
    assert together.influence is not None
    assert alone.influence is not None
    for level in range(2):
        shares = together.influence.shares(level=level)
        there = [together.influence.references.index(x) for x in alone.influence.references]
        expected = torch.zeros_like(shares)
        expected[there] = alone.influence.shares(level=level)
        assert (shares - expected).abs().max() < 0.01
        assert expected.max() > 0.1


def test_where_a_reference_rests_does_not_depend_on_what_others_borrow(
    pipe: Any, shown: Round
) -> None:
    """One picture borrows from the first step on, another one from the second on."""
    layers = (1.0,) * check_compatibility(pipe, **SETTINGS).sites
    late = AspectTable(colors=AspectWeights(layers, start=0.3))
    plan = [recipe(Vote(shown[0], aspect="colors"), aspects=late), recipe(shown[0])]
    settings = {"num_inference_steps": 4, "num_images": 2, "seed": 20, "schedule": EVERY_STEP}
    budget = TokenBudget(every=2)
    both = make(Fabric(pipe, token_budget=budget), plan=plan, **settings)
    for i, one in enumerate(plan):
        alike = make(Fabric(pipe, token_budget=budget), plan=[one] * 2, **settings)
        assert difference(both[i : i + 1], alike[i : i + 1]) < BATCHES
        always = make(Fabric(pipe), plan=[one] * 2, **settings)
        assert difference(alike, always) > BATCHES


@pytest.mark.filterwarnings("ignore::FutureWarning")  # what pipelines of diffusers say
@pytest.mark.parametrize("name", one_of_each_kind("Stable Cascade"))
def test_so_it_is_in_every_family(name: str) -> None:
    """Beside pictures that follow the same: some pipelines draw differently in other batches."""
    family = ZOO[name]
    fabric = Fabric(family.build(), plan=Everything(), schedule=EVERY_STEP)
    settings = family.arguments | family.needs
    count = family.pictures
    first = fabric("a cat", num_images=count, seed=1, **settings)
    assert first[0].trajectory is not None
    drawn = first[0].trajectory.start is not None
    assert drawn == ("strength" not in parameters_of(fabric.pipe))
    plan = [
        recipe(first[0], start=Start(first[0], 0.5)),
        recipe(Vote(first[-1], aspect="form")),
    ][:count]
    both = fabric("a cat", num_images=count, seed=9, plan=plan, **settings)
    for i, one in enumerate(plan):
        alike = fabric("a cat", num_images=count, seed=9, plan=[one] * count, **settings)
        assert difference(both[i : i + 1], alike[i : i + 1]) < 1e-2
    plain = fabric("a cat", num_images=count, seed=9, **settings)
    assert all(difference(both[i : i + 1], plain[i : i + 1]) > 1e-2 for i in range(count))


def test_one_recipe_for_all_is_everything(fabric: Fabric, shown: Round) -> None:
    votes: dict[str, list[Any]] = {"liked": [shown[0], (shown[1], 0.5)], "disliked": [shown[2]]}
    for_all = [recipe(*votes["liked"], disliked=votes["disliked"])] * 2
    assert same(make(fabric, plan=for_all), make(fabric, plan=Everything(), **votes))


def test_the_order_of_recipes_and_of_what_they_follow_does_not_matter(
    fabric: Fabric, shown: Round
) -> None:
    plan = mixed(shown)
    turned = [replace(one, liked=one.liked[::-1], disliked=one.disliked[::-1]) for one in plan]
    first = make(fabric, num_images=6, plan=plan)
    assert same(first, make(fabric, num_images=6, plan=turned))


@pytest.mark.parametrize("part", [(0, 0, 16, 16), torch.ones(5, 3).numpy()])
def test_a_part_that_covers_everything_is_no_part(fabric: Fabric, shown: Round, part: Any) -> None:
    width, height = shown[0].image.size
    part = (0, 0, width, height) if isinstance(part, tuple) else part
    liked = make(fabric, liked=[shown[0]])
    assert same(make(fabric, liked=[Vote(shown[0], part=part)]), liked)


def test_a_part_in_place_changes_the_attention_of_its_place_alone(pipe: Any) -> None:
    """Only there the reference has a share; anywhere, it has one everywhere."""
    fabric = Fabric(pipe, plan=Everything(), schedule=EVERY_STEP)
    first = make(fabric, num_images=1)[0]
    width, height = first.image.size
    box = (0, 0, width // 2, height)
    shares = {}
    for in_place in (True, False):
        vote = Vote(first, part=box, in_place=in_place)
        made = make(fabric, liked=[vote], seed=9, lens=Lens(image=0))
        assert made.influence is not None
        shares[in_place] = made.influence.shares(level=0)[0].float()
    half = shares[True].shape[1] // 2
    assert (shares[True][:, :half] > 0).all()
    assert not shares[True][:, half:].any()
    assert (shares[False] > 0).all()


def test_aspects_add_up_to_everything_level_by_level(pipe: Any) -> None:
    """Colors of a picture are borrowed in its finest layers alone, form in its coarsest."""
    fabric = Fabric(pipe, plan=Everything(), schedule=EVERY_STEP)
    first = make(fabric, num_images=1)[0]
    for aspect, without in (("colors", -1), ("form", 0)):
        made = make(fabric, liked=[Vote(first, aspect=aspect)], seed=9, lens=Lens(image=0))
        assert made.influence is not None
        levels = len(made.influence.levels)
        assert levels > 1
        assert not made.influence.shares(level=without % levels).any()
        assert made.influence.shares(level=(without + 1) % levels).any()


def test_several_votes_on_one_picture(fabric: Fabric, shown: Round) -> None:
    both = [Vote(shown[0], aspect="colors"), Vote(shown[0], 0.5, aspect="form")]
    votes = read_votes(both, [])
    assert [(vote.aspect, vote.strength) for vote in votes.liked] == [("colors", 1), ("form", 0.5)]
    one = make(fabric, liked=both[:1])
    assert difference(make(fabric, liked=both), one) > BATCHES


def test_start_noise_is_mixed_where_it_is_drawn(fabric: Fabric, shown: Round) -> None:
    """With nothing of its own it is the parent's, with nothing of the parent's its own."""
    plan = [recipe(start=Start(shown[0], own)) for own in (0.0, 0.5, 1.0)]
    made = make(fabric, num_images=3, seed=40, plan=plan)
    plain = make(fabric, num_images=3, seed=40)
    starts = [start_of(image) for image in (*made, shown[0], *plain)]
    assert torch.equal(starts[0], starts[3])
    assert torch.equal(starts[2], starts[6])
    half = torch.stack([starts[1], starts[3], starts[5]]).flatten(1)
    similarity = torch.corrcoef(half)[0, 1:]
    assert ((similarity - 0.5**0.5).abs() < 0.15).all()
    assert abs(float(half[0].pow(2).mean()) - 1) < 0.2


@pytest.mark.parametrize("cache_bytes", [0, 2**18, None])
def test_a_picture_does_not_depend_on_what_was_cached(
    pipe: Any, shown: Round, cache_bytes: int | None
) -> None:
    expected = make(Fabric(pipe), num_images=4, seed=20, liked=list(shown))
    fabric = Fabric(pipe, cache_bytes=cache_bytes)
    make(fabric, num_images=4, seed=10, liked=[shown[1]])
    for _ in range(2):
        assert same(make(fabric, num_images=4, seed=20, liked=list(shown)), expected)


def test_a_silent_schedule_leaves_nothing_of_a_plan(pipe: Any, shown: Round) -> None:
    fabric = Fabric(pipe, plan=Explore())
    silent = EVERY_STEP.__class__(max_weight=0.0)
    assert same(make(fabric, liked=[shown[0]], schedule=silent), make(fabric))


def test_a_plan_of_another_length_is_refused(fabric: Fabric, shown: Round) -> None:
    with pytest.raises(ValueError, match="3 recipes for 2 pictures"):
        make(fabric, plan=[recipe(shown[0])] * 3)
    with pytest.raises(TypeError, match="plan is a str"):
        make(fabric, plan="explore")
    with pytest.raises(TypeError, match="plan is a list"):
        Fabric(tiny.pipeline(), plan=[Recipe()])  # type: ignore[arg-type]


def test_uploads_follow_plans_too(fabric: Fabric) -> None:
    made = make(fabric, num_images=4, liked=[picture(1)], plan=Explore())
    assert latents_of(made).isfinite().all()
    assert [recipe.start for recipe in made.recipes] == [None] * 4

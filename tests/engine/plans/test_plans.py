"""Plans: from votes to what each picture follows. Pure, and the same for the same arguments."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.engine import (
    BadReference,
    Everything,
    Explore,
    GeneratedImage,
    MoreLike,
    Plan,
    Recipe,
    Start,
    Trajectory,
)
from fabric_widget.engine.plans.recipe import checked_plan
from fabric_widget.engine.votes.parts import Part
from fabric_widget.engine.votes.votes import CheckedVote, Votes

ONE = torch.ones(1)


def picture(name: str, *, drawn: bool = True) -> GeneratedImage:
    start = torch.zeros(1, 2, 2) if drawn else None
    passed = Trajectory(torch.zeros(1, 1, 2, 2), ONE, ONE, ONE, start)
    return GeneratedImage(Image.new("RGB", (4, 4)), torch.zeros(1, 2, 2), 0, "", {}, name, passed)


UPLOAD = Image.new("RGB", (4, 4))
SUBJECT = Part("subject")


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    likes, dislikes = draw(st.integers(0, 9)), draw(st.integers(0, 5))
    sides: list[list[CheckedVote]] = [[], []]
    for i in range(likes + dislikes):
        known: list[GeneratedImage | Image.Image] = [
            picture(f"p{i}"),
            picture(f"p{i}", drawn=False),
            UPLOAD,
        ]
        content = draw(st.sampled_from(known))
        sides[i >= likes].append(
            CheckedVote(
                f"p{i}",
                content,
                draw(st.sampled_from([0.5, 1.0, 2.0])),
                draw(st.sampled_from(["all", "all", "colors", "form"])),
                draw(st.sampled_from([None, None, SUBJECT])),
                place=i,
            )
        )
    return Votes(*(tuple(draw(st.permutations(side))) for side in sides))


plans = st.one_of(st.just(Everything()), st.builds(Explore, st.floats(0, 1)))
counts = st.integers(1, 64)
seeds = st.integers(0, 2**32 - 64)


@given(plans, votes(), counts, seeds)
def test_a_recipe_for_each_picture_and_always_the_same(
    plan: Plan, said: Votes, count: int, seed: int
) -> None:
    recipes = plan.recipes(said, count, seed)
    assert len(recipes) == count
    turned = Votes(said.liked[::-1], said.disliked[::-1])
    again = plan.recipes(said, count, seed)
    assert [r.words for r in again] == [r.words for r in recipes]
    for one, other in zip(recipes, plan.recipes(turned, count, seed), strict=True):
        assert {v.key for v in one.liked} == {v.key for v in other.liked}
        assert {v.key for v in one.disliked} == {v.key for v in other.disliked}


@given(plans, votes(), counts, seeds)
def test_a_recipe_names_no_picture_but_what_was_voted_on_and_says_so(
    plan: Plan, said: Votes, count: int, seed: int
) -> None:
    known = {vote.id for vote in said.liked}
    for recipe in plan.recipes(said, count, seed):
        assert set(recipe.sources) <= known
        named = set(re.findall(r"\{(\w+)\}", recipe.words))
        assert named <= set(recipe.sources)
        assert recipe.words or not (said.liked or said.disliked)
        told = recipe.told({name: f"picture {name}" for name in known})
        assert "{" not in told
        assert "{" not in recipe.told({})
        assert {vote.id for vote in recipe.disliked} <= {vote.id for vote in said.disliked}
        assert all(0 < vote.strength <= 2 for vote in recipe.liked)


@given(votes(), counts, seeds, st.floats(0, 1))
def test_a_picture_that_explores_borrows_from_few(
    said: Votes, count: int, seed: int, variety: float
) -> None:
    """So many likes cost no more than a few: two pictures, or one for each thing that was said."""
    kinds = {(vote.aspect, vote.part) for vote in said.liked if not vote.plain}
    for recipe in Explore(variety).recipes(said, count, seed):
        assert len({vote.id for vote in recipe.liked}) <= max(2, len(kinds))


@given(votes(), counts, seeds)
def test_everything_is_everything(said: Votes, count: int, seed: int) -> None:
    recipes = Everything().recipes(said, count, seed)
    assert {recipe.liked for recipe in recipes} == {said.liked}
    assert {recipe.disliked for recipe in recipes} == {said.disliked}
    assert {recipe.start for recipe in recipes} == {None}


def plain(count: int) -> Votes:
    return Votes(tuple(CheckedVote(f"p{i}", picture(f"p{i}"), place=i) for i in range(count)))


def test_the_dial_goes_from_close_to_far() -> None:
    closest, middle, farthest = (
        Explore(variety).recipes(plain(3), 4, 0) for variety in (0.0, 0.5, 1.0)
    )
    assert {recipe.words for recipe in closest} == {"close to {p2}"}
    assert len({recipe.words for recipe in middle}) == 4
    assert sum(not recipe.liked for recipe in farthest) > sum(not r.liked for r in middle)
    assert [r.words for r in Explore().recipes(plain(3), 1, 0)] == ["close to {p2}"]


def test_other_likes_take_turns() -> None:
    found = {
        vote.id
        for seed in range(9)
        for recipe in Explore().recipes(plain(5), 4, seed)
        for vote in recipe.liked
    }
    assert found == {f"p{i}" for i in range(5)}


def test_what_was_said_of_a_part_is_followed_as_it_was_said() -> None:
    said = Votes(
        (
            CheckedVote("a", picture("a"), aspect="colors", part=SUBJECT, place=0),
            CheckedVote("b", picture("b"), aspect="form", place=1),
        )
    )
    for recipe in Explore().recipes(said, 4, 0):
        assert {vote.key for vote in recipe.liked} == {vote.key for vote in said.liked}
        assert recipe.told({"a": "1", "b": "2"}) == "form of 2, colors of the subject of 1"


@given(votes(), counts, seeds, st.floats(0, 1), st.booleans())
def test_more_like_a_picture_follows_it_alone(
    said: Votes, count: int, seed: int, variety: float, drawn: bool
) -> None:
    recipes = MoreLike(picture("m", drawn=drawn), variety).recipes(said, count, seed)
    assert len(recipes) == count
    for recipe in recipes:
        assert recipe.sources == ("m",)
        assert recipe.disliked == ()
        assert "{m}" in recipe.words
        assert (recipe.start is not None) == drawn


def test_four_pictures_more_like_one_are_like_it_in_four_ways() -> None:
    made = MoreLike(picture("m")).recipes(Votes(), 4, 0)
    ways = ["close to {m}", "colors of {m}", "form of {m}", "a variation on {m}"]
    assert [recipe.words for recipe in made] == ways


def test_only_a_generated_picture_has_more_like_it() -> None:
    with pytest.raises(BadReference, match=r"picture is a Image: .* use liked=\[picture\]"):
        MoreLike(UPLOAD)  # type: ignore[arg-type]


@pytest.mark.parametrize("variety", [-0.1, 1.5, float("nan")])
def test_a_dial_has_two_ends(variety: float) -> None:
    for plan in (Explore, lambda dial: MoreLike(picture("m"), dial)):
        with pytest.raises(ValueError, match="give a number from 0 to 1"):
            plan(variety)


def test_shares_of_noise_are_shares() -> None:
    with pytest.raises(ValueError, match="give a share from 0 to 1"):
        Start(picture("a"), 1.5)


@pytest.mark.parametrize("plan", ["explore", 3, [], [1], [Recipe(), None]])
def test_what_is_no_plan_is_refused(plan: object) -> None:
    with pytest.raises(TypeError, match=r"give Explore\(\), Everything\(\), or a list of recipes"):
        checked_plan(plan)

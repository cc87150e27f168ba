"""Scenes are what they say they are, and captions can be read back."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.demo.scenes import (
    ATTRIBUTES,
    COLORS,
    MENTIONED,
    Scene,
    caption,
    describe,
    parse,
    render,
)

seeds = st.integers(0, 2**32)


@given(seeds)
def test_a_description_of_everything_reads_back_as_the_scene(seed: int) -> None:
    scene = Scene.sample(random.Random(seed))
    read = parse(describe(scene, set(MENTIONED)))
    assert read == {name: getattr(scene, name) for name in ATTRIBUTES}


@given(seeds)
def test_a_caption_claims_nothing_that_is_not_in_the_scene(seed: int) -> None:
    rng = random.Random(seed)
    scene = Scene.sample(rng)
    for name, value in parse(caption(scene, rng)).items():
        assert getattr(scene, name) == value


def test_captions_leave_out_what_they_may_leave_out() -> None:
    rng = random.Random(0)
    named = [set(parse(caption(Scene.sample(rng), rng))) for _ in range(2000)]
    for name, probability in MENTIONED.items():
        share = np.mean([name in names for names in named])
        assert 0 < share <= probability + 0.05
    assert any(names == {"kind"} for names in named)


@given(seeds)
def test_subject_and_background_never_share_a_colour(seed: int) -> None:
    scene = Scene.sample(random.Random(seed))
    assert scene.color != scene.background


@pytest.mark.parametrize("fixed", [{"color": "red"}, {"background": "red"}])
def test_a_fixed_colour_stays_and_the_other_one_gives_way(fixed: dict[str, str]) -> None:
    for seed in range(200):
        scene = Scene.sample(random.Random(seed), **fixed)
        (name,) = fixed
        assert getattr(scene, name) == "red"
        assert scene.color != scene.background


def test_the_same_seed_draws_the_same_picture_and_another_one_another() -> None:
    scene = Scene.sample(random.Random(1))
    first, same, other = (np.asarray(render(scene, random.Random(s))) for s in (7, 7, 8))
    assert (first == same).all()
    assert (first != other).any()


@pytest.mark.parametrize("size", [32, 64, 128])
def test_pictures_have_the_size_asked_for(size: int) -> None:
    scene = Scene.sample(random.Random(1))
    assert render(scene, random.Random(0), size).size == (size, size)


@pytest.mark.parametrize("name", [n for n in ATTRIBUTES if n != "eyes"])
@pytest.mark.parametrize("kind", ATTRIBUTES["kind"])
def test_every_value_of_an_attribute_looks_different(kind: str, name: str) -> None:
    scene = Scene(
        kind=kind,
        color="red",
        shape="round",
        size="big",
        mood="happy",
        accessory="bare",
        eyes="two-eyed",
        background="blue",
        pattern="plain",
    )
    hidden = {("color", "blue"), ("background", "red")}  # the subject could not be seen
    values = [value for value in ATTRIBUTES[name] if (name, value) not in hidden]
    pictures = {
        np.asarray(render(Scene(**(vars(scene) | {name: value})), random.Random(0))).tobytes()
        for value in values
    }
    assert len(pictures) == len(values)


@pytest.mark.parametrize("color", COLORS)
def test_a_plain_background_has_its_colour(color: str) -> None:
    subject = "red" if color != "red" else "blue"
    scene = Scene.sample(random.Random(0), color=subject, background=color, pattern="plain")
    corner = np.asarray(render(scene, random.Random(0)))[1, 1].astype(int)
    assert np.abs(corner - COLORS[color]).max() <= 13


def test_an_unknown_value_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"mood='angry'.*happy.*sad"):
        Scene.sample(random.Random(0), mood="angry")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("green monster", {"color": "green", "kind": "monster"}),
        ("A Monster", {"kind": "monster"}),
        ("fish on a red background", {"kind": "fish", "background": "red"}),
        ("a red fish on blue", {"color": "red", "kind": "fish", "background": "blue"}),
        ("", {}),
    ],
)
def test_descriptions_are_read(text: str, named: dict[str, str]) -> None:
    assert parse(text) == named


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("green dragon", "'dragon'.*monster"),
        ("monster on a happy background", "'happy'.*background.*striped"),
        ("red green fish", "color is given twice: 'red' and 'green'"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)

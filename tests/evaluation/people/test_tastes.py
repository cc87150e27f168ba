"""Distances to tastes, and the colours' distances that they are made of."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.demo.scenes import ATTRIBUTES, COLORS, Scene, parse
from fabric_widget.evaluation.people.tastes import Taste, color_distances, sample_tastes
from tests.evaluation.painting import seen

SCENES = st.integers(0, 10_000).map(lambda seed: Scene.sample(random.Random(seed)))
TASTES = st.integers(0, 200).map(lambda seed: sample_tastes(1, seed)[0])
COLOR = st.sampled_from(list(COLORS))


@given(COLOR, COLOR, COLOR)
def test_colors_form_a_metric(a: str, b: str, c: str) -> None:
    mismatch = color_distances()
    assert mismatch[a][b] == pytest.approx(mismatch[b][a])
    assert (mismatch[a][b] == 0) == (a == b)
    assert 0 <= mismatch[a][b] <= 1
    assert mismatch[a][c] <= mismatch[a][b] + mismatch[b][c] + 1e-12


def test_the_farthest_colors_are_one_apart() -> None:
    assert max(max(row.values()) for row in color_distances().values()) == 1


@pytest.mark.parametrize(
    ("wanted", "near", "far"),
    [("red", "orange", "blue"), ("blue", "purple", "yellow"), ("yellow", "orange", "black")],
)
def test_colors_are_as_far_apart_as_they_look(wanted: str, near: str, far: str) -> None:
    assert color_distances()[wanted][near] < color_distances()[wanted][far] / 2


def test_lab_distances_agree_with_published_values() -> None:
    # CIE 1976 distances of sRGB (214, 48, 49) and (240, 140, 40), by hand from the definition.
    def lab(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
        linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in rgb]
        r, g, b = linear
        x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
        y = 0.2126 * r + 0.7152 * g + 0.0722 * b
        z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
        x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
        return 116 * y - 16, 500 * (x - y), 200 * (y - z)

    greatest = max(math.dist(lab(a), lab(b)) for a in COLORS.values() for b in COLORS.values())
    expected = math.dist(lab(COLORS["red"]), lab(COLORS["orange"])) / greatest
    assert color_distances()["red"]["orange"] == pytest.approx(expected, rel=1e-3)


@given(TASTES, SCENES, st.floats(0.2, 1))
def test_distance_is_between_zero_and_one(taste: Taste, scene: Scene, sure: float) -> None:
    assert 0 <= taste.distance(seen(scene, sure)) <= 1 + 1e-9


@given(TASTES, SCENES)
def test_a_picture_that_has_it_all_is_at_no_distance(taste: Taste, scene: Scene) -> None:
    wanted = Scene(**{name: taste.wanted.get(name, getattr(scene, name)) for name in ATTRIBUTES})
    assert taste.distance(seen(wanted, 1.0)) == 0


@given(TASTES, SCENES)
def test_each_wanted_attribute_counts_alike_and_no_other_counts(taste: Taste, scene: Scene) -> None:
    reading = seen(scene, 1.0)
    mismatch = [
        color_distances()[value][getattr(scene, name)]
        if name in {"color", "background"}
        else float(getattr(scene, name) != value)
        for name, value in taste.wanted.items()
    ]
    assert taste.distance(reading) == pytest.approx(sum(mismatch) / len(mismatch))


def test_a_doubtful_reading_lies_between() -> None:
    taste = Taste.parse("happy")
    scene = Scene.sample(random.Random(0), mood="happy")
    assert taste.distance(seen(scene, 0.75)) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "wanted", "prompt"),
    [
        ("green monster", {"kind": "monster", "color": "green"}, "a monster"),
        ("  a red   fish ", {"kind": "fish", "color": "red"}, "a fish"),
        ("blue on a red background", {"color": "blue", "background": "red"}, "a monster"),
    ],
)
def test_tastes_are_read_from_words(text: str, wanted: dict[str, str], prompt: str) -> None:
    taste = Taste.parse(text)
    assert dict(taste.wanted) == wanted
    assert taste.prompt == prompt


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "wants nothing"), ("a the", "wants nothing"), ("furry monster", "'furry'.*choose from")],
)
def test_what_is_no_taste_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Taste.parse(text)


def test_values_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="mood is 'bored'"):
        Taste({"mood": "bored"}, "bored")
    with pytest.raises(ValueError, match="fur is 'long'"):
        Taste({"fur": "long"}, "long fur")


def test_sampled_tastes_differ_and_are_the_same_again() -> None:
    tastes = sample_tastes(50, seed=4)
    assert len({taste.text for taste in tastes}) == 50
    assert tastes == sample_tastes(50, seed=4)
    assert tastes[:5] == sample_tastes(5, seed=4)
    assert tastes[:5] != sample_tastes(5, seed=5)


@pytest.mark.parametrize("about", [("size", "mood"), ("eyes", "color", "accessory")])
def test_tastes_are_about_what_they_may_be_about(about: tuple[str, ...]) -> None:
    for taste in sample_tastes(10, about=about):
        assert set(taste.wanted) <= {"kind", *about}


@pytest.mark.parametrize(
    ("about", "count", "complaint"),
    [
        (("color",), 1, "name two or more of: color, shape"),
        (("color", "kind"), 1, "name two or more"),
        (("color", "fur"), 1, "about color, fur"),
        (("size", "mood"), 100, "found 18 different tastes about size, mood, not 100"),
    ],
)
def test_tastes_that_there_are_not_are_refused(
    about: tuple[str, ...], count: int, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        sample_tastes(count, about=about)


@given(TASTES)
def test_sampled_tastes_name_a_kind_and_two_or_three_attributes(taste: Taste) -> None:
    assert "kind" in taste.wanted
    assert len(taste.wanted) in {3, 4}
    assert parse(taste.text) == dict(taste.wanted)
    assert "eyes" not in taste.wanted or taste.wanted["kind"] == "monster"
    if {"color", "background"} <= set(taste.wanted):
        assert taste.wanted["color"] != taste.wanted["background"]

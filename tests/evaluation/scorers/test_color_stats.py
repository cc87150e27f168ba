"""Colour and luminance: what counts and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.evaluation.scorers import load_scorer
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    import numpy.typing as npt

CHANNEL = st.integers(0, 255)
COLOUR = st.tuples(CHANNEL, CHANNEL, CHANNEL)
NAMES = ("colour", "luminance")


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new("RGB", size, colour)


def alike(name: str, a: Image.Image, b: Image.Image) -> float:
    scorer: Any = load_scorer(name)
    one, other = scorer.features([a, b])
    return float(one @ other)


def noise(seed: int, height: int = 20, width: int = 30) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 1000))
def test_places_do_not_count(name: str, seed: int) -> None:
    pixels = noise(seed)
    moved = np.random.default_rng(seed).permutation(pixels.reshape(-1, 3)).reshape(15, 40, 3)
    assert alike(name, Image.fromarray(pixels), Image.fromarray(moved)) == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
@given(a=COLOUR, b=COLOUR)
def test_likeness_is_from_zero_to_one_and_the_same_both_ways(
    name: str, a: tuple[int, int, int], b: tuple[int, int, int]
) -> None:
    there, back = alike(name, plain(a), plain(b)), alike(name, plain(b), plain(a))
    assert 0 <= there <= 1 + 1e-12
    assert there == pytest.approx(back)


@pytest.mark.parametrize("name", NAMES)
@given(colour=COLOUR, shift=st.integers(1, 6))
def test_a_small_shift_is_a_small_change(
    name: str, colour: tuple[int, int, int], shift: int
) -> None:
    red, green, blue = colour
    shifted = (min(red + shift, 255), green, blue)
    assert alike(name, plain(colour), plain(shifted)) > 0.85


@pytest.mark.parametrize("name", NAMES)
def test_black_and_white_have_nothing_in_common(name: str) -> None:
    assert alike(name, plain((0, 0, 0)), plain((255, 255, 255))) == 0


def test_colour_sees_hue_where_luminance_does_not() -> None:
    # One luma, two hues: 0.2126 · 255 = 0.7152 · 75.8.
    red, green = plain((255, 0, 0)), plain((0, 76, 0))
    assert alike("luminance", red, green) > 0.99
    assert alike("colour", red, green) < 0.01


def test_a_mixture_is_as_near_to_its_parts_as_their_share() -> None:
    # Bhattacharyya: the root of the share.
    half = Image.fromarray(np.array([[[255, 0, 0]] * 3 + [[0, 0, 255]]], np.uint8))
    assert alike("colour", half, plain((255, 0, 0))) == pytest.approx(0.75**0.5)
    assert alike("colour", half, plain((0, 0, 255))) == pytest.approx(0.25**0.5)


def test_large_pictures_are_counted_whole() -> None:
    # More pixels than are counted at once, the rare colour among the last.
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[-1] = 255
    share = alike("colour", Image.fromarray(pixels), plain((255, 255, 255))) ** 2
    assert share == pytest.approx(1 / 300)


@pytest.mark.parametrize(
    ("colour", "luma"),
    [
        ((0, 0, 0), 0),
        ((255, 255, 255), 1),
        ((255, 0, 0), 0.2126),
        ((0, 255, 0), 0.7152),
        ((0, 0, 255), 0.0722),
    ],
)
def test_luminance_likes_it_bright(colour: tuple[int, int, int], luma: float) -> None:
    scorer: Any = load_scorer("luminance")
    assert scorer.score("whatever", [plain(colour)]) == pytest.approx(luma)
    assert (scorer.score("dark", pictures()) == scorer.score("bright", pictures())).all()


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} takes no weights"):
        load_scorer(name, weights="somewhere")

"""Distances: color wherever it is, form whatever its color."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fabric_widget.color_and_form import cielab, look_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE = 48


def shown(box: Sequence[int] = (8, 8, 24, 30), ink: str = "#c04030") -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), "#b0b0b0")
    ImageDraw.Draw(picture).ellipse(box, ink)
    return picture


def noise(seed: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def distances(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    return look_of(one).distances(look_of(other))


def test_a_picture_is_not_far_from_itself_and_as_far_there_as_back() -> None:
    assert distances(noise(0), noise(0)) == (0, 0)
    there, back = distances(noise(0), shown()), distances(shown(), noise(0))
    assert there == back
    assert min(there) > 0


def test_color_does_not_see_where_pixels_are() -> None:
    pixels = np.asarray(noise(1)).reshape(-1, 3)
    mixed = np.random.default_rng(0).permutation(pixels).reshape(SIDE, SIDE, 3)
    color, form = distances(noise(1), Image.fromarray(mixed))
    assert color == pytest.approx(0, abs=1e-9)
    assert form > 0.1
    assert distances(shown(), shown((20, 14, 36, 36)))[0] == pytest.approx(0, abs=0.5)


def test_color_is_in_units_of_lab() -> None:
    """Two flat pictures are as far apart as their colors are, along a mean direction."""
    one, other = ("#404080", "#408040")
    color, form = distances(*(Image.new("RGB", (9, 7), ink) for ink in (one, other)))
    ends = [np.array(Image.new("RGB", (1, 1), ink), float)[0, 0] / 255 for ink in (one, other)]
    apart = float(np.linalg.norm(cielab(ends[0]) - cielab(ends[1])))
    assert 0.3 * apart < color < 0.7 * apart
    assert form == 0


def test_form_does_not_see_hue_or_contrast() -> None:
    """Two inks of equal lightness, and the same picture in half of its contrast."""
    inks = ["#c04030", "#007b5e"]
    lights = [cielab(np.array(Image.new("RGB", (1, 1), ink), float)[0, 0] / 255)[0] for ink in inks]
    assert lights[0] == pytest.approx(lights[1], abs=1)
    color, form = distances(*(shown(ink=ink) for ink in inks))
    assert color > 3
    assert form < 0.02
    fainter = shown(ink="#986860")
    assert distances(shown(), fainter)[1] < 0.05
    assert distances(shown(), shown((20, 14, 36, 36)))[1] > 0.5


@pytest.mark.parametrize("size", [(3, 2), (9, 64), (640, 400)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    look = look_of(noise(2, size))
    assert np.isfinite(look.palette).all()
    assert look.edges[..., 0].sum() == pytest.approx(1)

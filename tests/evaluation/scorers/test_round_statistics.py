"""Diversity, saturation and contrast of rounds."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fabric_widget.demo.scenes import ATTRIBUTES, Scene
from fabric_widget.evaluation.scorers.round_statistics import contrast, diversity, saturation
from tests.evaluation.painting import seen


def scene(seed: int = 0) -> Scene:
    return Scene.sample(random.Random(seed))


def test_equal_pictures_have_no_diversity() -> None:
    assert diversity([seen(scene())] * 4) == 0
    assert diversity([seen(scene())]) == 0


def test_diversity_is_the_share_of_attributes_that_differ() -> None:
    other = replace(scene(), mood={"happy": "sad"}.get(scene().mood, "happy"))
    assert diversity([seen(scene(), 1.0), seen(other, 1.0)]) == pytest.approx(1 / len(ATTRIBUTES))


def test_diversity_does_not_depend_on_the_order() -> None:
    readings = [seen(scene(i), 0.9) for i in range(4)]
    assert diversity(readings) == pytest.approx(diversity(readings[::-1]))


@pytest.mark.parametrize(
    ("color", "expected"), [("red", 1), ("#808080", 0), ("white", 0), ("#ff8080", 127 / 255)]
)
def test_saturation_of_plain_colors(color: str, expected: float) -> None:
    assert saturation([Image.new("RGB", (3, 3), color)]) == pytest.approx(expected, abs=1 / 255)


def test_contrast_of_a_plain_picture_is_none_and_of_black_and_white_is_half() -> None:
    halves = np.zeros((4, 4, 3), dtype=np.uint8)
    halves[:2] = 255
    assert contrast([Image.new("RGB", (3, 3), "red")]) == 0
    assert contrast([Image.fromarray(halves)]) == pytest.approx(0.5)


def test_a_round_is_meaned_over_its_pictures() -> None:
    red, grey = Image.new("RGB", (2, 2), "red"), Image.new("RGB", (5, 5), "grey")
    assert saturation([red, grey]) == pytest.approx(0.5)

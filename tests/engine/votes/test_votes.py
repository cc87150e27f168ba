"""What of a picture counts: aspects and parts, read and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.engine import BadReference, Vote
from fabric_widget.engine.votes.aspects import ASPECTS, default_weights, read_aspect
from fabric_widget.engine.votes.parts import Part, read_part
from fabric_widget.engine.votes.votes import read_votes

SIZE = (24, 16)  # width, height
PICTURE = Image.new("RGB", SIZE)


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ("all", "all"),
        ("Everything", "all"),
        ("colours", "colors"),
        ("color", "colors"),
        ("form", "form"),
    ],
)
def test_words_for_aspects(given_: str, name: str) -> None:
    assert read_aspect(given_) == name


def test_an_unknown_aspect_names_the_known_ones() -> None:
    with pytest.raises(BadReference, match="the aspect is 'collors': give one of 'all', 'colors'"):
        read_votes([Vote(PICTURE, aspect="collors")], [])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(1, 30))
def test_colors_and_form_share_everything(levels: list[float], steps: int) -> None:
    """At each layer and step their weights add up to one: nothing is said twice or lost."""
    weights = default_weights(levels)
    assert set(weights) == set(ASPECTS)
    for index in range(steps):
        colors, form, everything = (weights[a].at(index, steps) for a in ("colors", "form", "all"))
        assert np.add(colors, form) == pytest.approx(everything)


@given(st.data())
def test_a_box_covers_its_pixels(data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, 23)), data.draw(st.integers(0, 15))
    right, bottom = data.draw(st.integers(left + 1, 24)), data.draw(st.integers(top + 1, 16))
    part = read_part((left, top, right, bottom), SIZE)
    expected = torch.zeros(16, 24)
    expected[top:bottom, left:right] = 1
    if part is None:
        assert expected.all()
    else:
        assert part.mask is not None
        assert torch.equal(part.over(16, 24), expected)
        assert float(part.over(1, 1)) == pytest.approx(float(expected.mean()), abs=1e-5)
        again = read_part(expected.numpy(), SIZE)
        assert again is not None
        assert again.name == part.name


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("head", "the part is 'head': give 'subject', 'background', a box"),
        ((0, 0, 10), "give 'subject', 'background', a box"),
        ((0, 0, 25, 16), "does not lie in the picture: give 0 <= left < right <= 24"),
        ((5, 5, 5, 9), "does not lie in the picture"),
        ((0, 0, float("nan"), 9), "does not lie in the picture"),
        (np.zeros((4, 4)), "the part is empty"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.zeros((4, 4, 3)), "the part is a ndarray"),
        (object(), "the part is a object"),
    ],
)
def test_parts_that_cannot_be_used(part: Any, complaint: str) -> None:
    with pytest.raises(BadReference, match=complaint):
        read_votes([Vote(PICTURE, part=part)], [])


def test_masks_are_images_or_arrays_of_any_size() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:4] = True
    part = read_part(mask, SIZE)
    image = read_part(Image.fromarray((mask * 255).astype(np.uint8)), SIZE)
    assert part is not None
    assert image is not None
    assert part.name == image.name
    assert read_part(part, SIZE) is part
    assert isinstance(read_part("subject", SIZE), Part)


def test_the_same_picture_may_be_liked_for_one_thing_and_disliked_for_another() -> None:
    votes = read_votes([Vote(PICTURE, aspect="colors")], [Vote(PICTURE, 0.5, aspect="form")])
    assert [vote.aspect for vote in votes.liked] == ["colors"]
    assert [(vote.aspect, vote.strength) for vote in votes.disliked] == [("form", 0.5)]
    with pytest.raises(BadReference, match="liked and disliked"):
        read_votes([Vote(PICTURE, part=(0, 0, 5, 5))], [Vote(PICTURE, part=(0, 0, 5, 5))])

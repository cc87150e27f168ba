"""What comes back from a run."""

from __future__ import annotations

import copy
import pickle

import torch
from PIL import Image

from fabric_widget.engine import GeneratedImage, Round, Trajectory


def image(value: float = 0.0, name: str = "") -> GeneratedImage:
    latents = torch.full((4, 2, 2), value)
    one = torch.ones(1)
    passed = Trajectory(latents[None], one, one, one, latents)
    return GeneratedImage(Image.new("RGB", (2, 2)), latents, 3, "a cat", {"eta": 0.0}, name, passed)


def test_a_picture_is_named_by_its_latents() -> None:
    assert image() == image()
    assert image() != image(1)
    assert image().id == "6cadcc9523f57979736792c3a131cb37"
    assert {image(), image(), image(1)} == {image(), image(1)}
    assert image(name="mine").id == "mine"
    assert image() != "picture"


def test_rounds_are_sequences() -> None:
    images = (image(0), image(1), image(2))
    made = Round(images, "a cat", 3)
    assert list(made) == list(images)
    assert made[1:] == images[1:]
    assert images[2] in made
    assert made.index(images[2]) == 2


def test_copies_and_pickles() -> None:
    made = Round((image(),), "a cat", 3, {"eta": 0.0})
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301  (our own bytes)
        assert again.images == made.images
        assert again.settings == made.settings

"""From votes to references."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fabric_widget.engine import BadReference, GeneratedImage
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.references.references import ReferenceMaker
from fabric_widget.engine.votes.votes import read_votes

LIKE = torch.zeros(2, 4, 8, 8)


def generated(value: float = 0.0) -> GeneratedImage:
    return GeneratedImage(Image.new("RGB", (16, 16)), torch.full((4, 8, 8), value), 0, "")


def picture(value: int = 0) -> Image.Image:
    return Image.new("RGB", (16, 16), (value, value, value))


def strengths(votes: Any) -> list[float]:
    return [vote.strength for vote in votes]


def test_no_votes() -> None:
    assert read_votes([], ()) == read_votes(iter(()), [])


def test_every_kind_of_picture(tmp_path: Any) -> None:
    path = tmp_path / "a.png"
    picture(1).save(path)
    array = np.full((16, 16, 3), 2, np.uint8)
    votes = read_votes([generated(), picture(), array, path, (str(path), 1)], [])
    assert len(votes.liked) == 4  # the path twice is one picture
    assert strengths(votes.liked) == [1.0] * 4


def test_equal_pixels_are_the_same_picture(tmp_path: Any) -> None:
    path = tmp_path / "a.png"
    picture(7).save(path)
    array = np.full((16, 16, 3), 7, np.uint8)
    assert len(read_votes([picture(7), path, array, picture(7).convert("RGBA")], []).liked) == 1


def test_the_order_is_the_same_whatever_the_order_of_votes() -> None:
    items = [generated(i) for i in range(5)]
    forwards, backwards = read_votes(items, []), read_votes(reversed(items), [])
    assert [v.id for v in forwards.liked] == [v.id for v in backwards.liked]


def test_signs() -> None:
    votes = read_votes(
        [(generated(0), -0.5), (generated(1), 2), (generated(2), 0)],
        [(generated(3), 0.25), (generated(4), -1), (generated(5), 0.0)],
    )
    assert sorted(strengths(votes.liked)) == [1, 2]
    assert sorted(strengths(votes.disliked)) == [0.25, 0.5]


@pytest.mark.parametrize("strength", [2.1, -2.1, math.nan, math.inf, "1", None, True, [1]])
def test_strength_out_of_range(strength: object) -> None:
    with pytest.raises(BadReference, match=r"the strength is .*give a number from -2 to 2"):
        read_votes([(generated(), strength)], [])


def test_numpy_strengths_are_numbers() -> None:
    assert strengths(read_votes([(generated(), np.float32(0.5))], []).liked) == [0.5]


def test_liked_and_disliked_at_once() -> None:
    with pytest.raises(BadReference, match="liked and disliked: decide for one"):
        read_votes([generated()], [generated()])
    with pytest.raises(BadReference, match="liked and disliked"):
        read_votes([(picture(), 1), (picture(), -1)], [])


def test_two_strengths_for_one_picture() -> None:
    with pytest.raises(BadReference, match=r"strengths 1 and 0\.5: give it once"):
        read_votes([generated(), (generated(), 0.5)], [])


def test_ignored_is_no_opinion() -> None:
    assert strengths(read_votes([generated()], [(generated(), 0)]).liked) == [1]


@pytest.mark.parametrize(
    "single", [generated(), picture(), np.zeros((4, 4, 3), np.uint8), "a.png", 3, None]
)
def test_a_single_picture_is_no_list(single: Any) -> None:
    with pytest.raises(BadReference, match=r"give a list, also for a single picture \(disliked="):
        read_votes([], single)


@pytest.mark.parametrize("item", [(generated(),), (generated(), 1, 2), ()])
def test_pairs_only(item: object) -> None:
    with pytest.raises(BadReference, match=r"give \(picture, strength\)"):
        read_votes([item], [])


def test_bad_reference_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cannot read a NoneType"):
        read_votes([None], [])


def test_generated_images_are_never_encoded(pipe: Any) -> None:
    pipe.vae = None
    maker = ReferenceMaker(pipe, Denoiser(pipe))
    image = generated(0.25)
    [vote] = read_votes([image], []).liked
    assert torch.equal(maker.make(vote, LIKE).latents[0], image.latents)
    [other] = read_votes([picture()], []).liked
    with pytest.raises(BadReference, match="no autoencoder that can encode"):
        maker.make(other, LIKE)


def test_noise_belongs_to_the_picture(pipe: Any) -> None:
    maker = ReferenceMaker(pipe, Denoiser(pipe))
    torch.manual_seed(1)
    votes = read_votes([generated(0), generated(1)], []).liked
    first = [maker.make(vote, LIKE).noise for vote in votes]
    torch.manual_seed(2)
    again = [maker.make(vote, LIKE).noise for vote in reversed(votes)][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(*first)


def test_each_picture_is_encoded_once_for_each_size(pipe: Any) -> None:
    encoded: list[tuple[int, ...]] = []
    encode = pipe.vae.encode

    def counted(pixels: torch.Tensor) -> Any:
        encoded.append(tuple(pixels.shape[-2:]))
        return encode(pixels)

    pipe.vae.encode = counted
    maker = ReferenceMaker(pipe, Denoiser(pipe))
    [vote] = read_votes([Image.new("RGB", (40, 20))], []).liked
    shapes = [maker.make(vote, like).latents.shape[-2:] for like in (LIKE, LIKE)]
    assert shapes == [(6, 12)] * 2
    assert encoded == [(12, 24)]
    assert maker.make(vote, torch.zeros(1, 4, 16, 16)).latents.shape[-2:] == (12, 22)
    assert len(encoded) == 2

"""How much travels. Pictures have the statistics of photographs; noise is the worst there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.widget.images.encoding import Album
from tests.widget.fakes import Front, Studio, noise, photo

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget

KB = 1000


@pytest.fixture
def large(studio: Studio) -> Studio:
    """Return a studio that paints 512 by 512 pixels."""
    painted = [photo(seed) for seed in range(4)]
    studio.paint = lambda seed: painted[seed % 4]
    studio.steps = 1
    return studio


def size_of(state: Any) -> int:
    """Return how many bytes a state takes, its pictures as they are."""
    pictures = 0

    def without(value: Any) -> Any:
        nonlocal pictures
        if isinstance(value, (bytes, memoryview)):
            pictures += len(value)
            return None
        if isinstance(value, dict):
            return {name: without(part) for name, part in value.items()}
        return [without(part) for part in value] if isinstance(value, (list, tuple)) else value

    return len(json.dumps(without(state))) + pictures


@pytest.mark.usefixtures("widget")
def test_a_fresh_widget_opens_with_103_kb(front: Front) -> None:
    assert front.said[0][0] == "comm_open"
    front.said = front.said[:1]
    assert 1 * KB < front.size() <= 103 * KB


@pytest.mark.usefixtures("clock")
def test_a_vote_takes_1_kb(widget: FabricWidget, front: Front) -> None:
    widget.generate().result()
    votes = {image["id"]: 1.0 for image in front.state["round"]["images"]}
    front.forget()
    front.set(votes=votes)
    assert 0 < front.size() <= 1 * KB  # what the kernel says to it
    assert len(json.dumps({"votes": votes})) <= 1 * KB


@pytest.mark.usefixtures("large")
def test_ten_rounds_of_four_512_pixel_pictures(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(num_images=4)
    front.call("hello")
    for _ in range(10):
        front.forget()
        widget.generate().result()
        assert front.size() <= 400 * KB
    assert len(front.state["history"]) == 10
    assert all(image["thumb"] for row in front.state["history"] for image in row["images"])
    assert size_of(front.reload()) <= 1500 * KB


def test_thumbnails_of_old_pictures_are_fetched(widget: FabricWidget, front: Front) -> None:
    widget.num_images = 16
    for _ in range(5):
        widget.generate().result()
    thumbs = [[image["thumb"] for image in row["images"]] for row in front.state["history"]]
    assert all(thumb is None for thumb in thumbs[0])
    assert all(thumb for row in thumbs[1:] for thumb in row)
    name = front.state["history"][0]["images"][0]["id"]
    _, (data,) = front.answer(front.ask("fetch", id=name, kind="thumb"))
    assert data


def test_even_noise_keeps_a_round_below_400_kb() -> None:
    """The worst case: nothing in it can be foretold, so quality gives way to size."""
    album = Album()
    picture = noise(0)
    assert 4 * len(album.screen("0", picture).data + album.thumb("0", picture).data) <= 400 * KB

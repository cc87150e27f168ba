"""The widget with the model that ships: pictures, previews, feedback."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from fabric_widget.engine import BadReference
from tests.widget.fakes import Front, controls

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget


def test_from_hello_to_pictures_that_follow_votes(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(None, num_images=4, auto=False)
    assert front.state["info"]["loaded"] is False
    front.call("hello")
    assert front.wait_phase("idle", "loading")
    carried = controls(prompt="a monster", num_images=4, auto=False, steps=4)
    front.call("generate", controls=carried, votes={})
    front.wait_phase("ready")
    assert front.state["info"]["loaded"]
    assert front.state["info"]["defaults"]["steps"] == 20
    images = front.state["round"]["images"]
    for image, made in zip(images, widget.round, strict=True):
        shown = Image.open(io.BytesIO(image["data"])).convert("RGB")
        assert shown.size == (256, 256)  # enlarged; the round says how large the picture itself is
        assert (image["width"], image["height"]) == made.image.size == (64, 64)
        back = np.asarray(shown.resize(made.image.size, Image.Resampling.BOX), dtype=int)
        assert np.abs(back - np.asarray(made.image.convert("RGB"), dtype=int)).mean() < 4
    previews = front.custom("preview")
    assert previews
    assert [Image.open(io.BytesIO(b)).size for b in previews[0][1]] == [(16, 16)] * 4
    name = images[0]["id"]
    seed = carried | {"seed": 4, "lock_seed": True}
    front.call("generate", controls=seed, votes={})
    front.wait(lambda: len(front.state["history"]) == 2)
    plain = [image["data"] for image in front.state["round"]["images"]]
    front.wait_phase("ready")
    front.call("generate", controls=seed, votes={name: 2.0})
    front.wait(lambda: len(front.state["history"]) == 3)
    liked = [image["data"] for image in front.state["round"]["images"]]
    assert all(a != b for a, b in zip(plain, liked, strict=True))
    assert front.state["round"]["votes"] == {name: 2.0}


def test_each_picture_says_what_it_tries_and_whom_it_follows(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(None, num_images=4, auto=False, steps=2)
    first = widget.generate().result()
    assert [(i["tries"], i["sources"]) for i in front.state["round"]["images"]] == [("", [])] * 4
    name = widget.like(1, aspect="colors", part="subject")
    assert name == first[1].id[:12]
    assert front.state["votes"] == {f"{name}:colors:subject": 1.0}
    widget.generate().result()
    shown = front.state["round"]["images"]
    tries = {(image["tries"], *image["sources"]) for image in shown}
    assert tries == {(f"colors of the subject of {{{name}}}", name)}
    assert [i["tries"] for i in front.state["history"][1]["images"]] == [i["tries"] for i in shown]
    assert widget.undo()
    assert widget.undo()
    assert not widget.session.votes


def test_a_vote_about_a_part_that_cannot_be_used_says_what_can(
    make: Callable[..., FabricWidget],
) -> None:
    widget = make(None, num_images=2, auto=False, steps=1)
    widget.generate().result()
    with pytest.raises(BadReference, match="colors"):
        widget.like(0, aspect="colrs")
    with pytest.raises(BadReference, match=r"the box \(5, 5, 2, 2\)"):
        widget.dislike(0, part=(5, 5, 2, 2))
    assert not widget.session.votes

"""Rounds tell how they come along: previews, batches, contributions."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.widget.fakes import Clock, Front, Studio, controls

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.widget import FabricWidget

from tests.widget.messages.rounds import a_round


@pytest.mark.usefixtures("make")
def test_previews_wait_for_who_looks(
    front: Front, studio: Studio, clock: Clock, make: Callable[..., FabricWidget]
) -> None:
    studio.steps = 12
    make()

    first = studio.hold(3)
    front.call("generate", controls=controls(), votes={})
    first.wait()
    assert front.custom("preview") == []  # nobody has said hello
    second = studio.hold(5)
    front.call("hello")
    first.release()
    second.wait()
    ((preview, buffers),) = front.custom("preview")  # of step 3; step 4 came before it was seen
    assert (preview["job"], preview["step"], preview["first"]) == (1, 3, 0)
    assert preview["done"] is False
    assert len(buffers) == 2
    assert Image.open(io.BytesIO(buffers[0])).size == (4, 4)
    third = studio.hold(7)
    front.post({"type": "seen", "job": 1, "step": 3})
    second.release()
    third.wait()
    assert len(front.custom("preview")) == 1  # seen, but too soon
    clock.now += 1
    third.release()
    front.wait_phase("ready")
    assert [preview["step"] for preview, _ in front.custom("preview")] == [3, 7]


@pytest.mark.usefixtures("clock")
def test_finished_pictures_of_a_batch_come_at_once(
    front: Front, make: Callable[..., FabricWidget]
) -> None:
    make(batch_size=2)
    front.call("hello")
    front.call("generate", controls=controls(num_images=5), votes={})
    front.wait_phase("ready")
    done = [(m["first"], len(b)) for m, b in front.custom("preview") if m["done"]]
    assert done == [(0, 2), (2, 2)]  # the last one comes with the round
    ids = {bytes(image["data"]) for image in front.state["round"]["images"]}
    assert all(bytes(b) in ids for m, bs in front.custom("preview") if m["done"] for b in bs)


def test_a_round_says_how_much_each_reference_mattered(
    front: Front, make: Callable[..., FabricWidget], studio: Studio
) -> None:
    widget = make(auto=False)
    first, second = a_round(front, auto=False)
    assert front.state["round"]["contributions"] == {}
    studio.contributions = [0.25, 0.0]
    front.call("generate", controls=controls(auto=False), votes={first: 1, second: -0.5})
    front.wait_phase("ready")
    told = {first: 0.25, second: 0.0}
    assert front.state["round"]["contributions"] == told
    assert [row["contributions"] for row in front.state["history"]] == [{}, told]
    assert front.reload()["round"]["contributions"] == told
    assert len(widget.history) == 2

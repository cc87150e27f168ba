"""The widget over two workers: it opens, makes rounds, votes, previews, cancels and saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget import sessions
from tests.widget.fakes import Front, controls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget import DistributedFabric
    from fabric_widget.widget import FabricWidget

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own


def test_from_hello_to_pictures_that_follow_votes(
    make: Callable[..., FabricWidget],
    front: Front,
    shared_fabric: DistributedFabric,
    tmp_path: Path,
) -> None:
    widget = make(shared_fabric, num_images=4, auto=False, autosave=tmp_path)
    info = front.state["info"]
    assert (info["title"], info["loaded"]) == ("StableDiffusionPipeline", True)
    assert info["defaults"] == {"steps": 20, "guidance": 4.0, "width": 64, "height": 64}
    assert info["variety"] == 0.5
    front.call("hello")
    carried = controls(prompt="a monster", num_images=4, auto=False, steps=4)
    front.call("generate", controls=carried, votes={})
    front.wait(lambda: len(front.state.get("history", [])) == 1)
    front.wait_phase("ready")
    previews = front.custom("preview")
    assert previews
    assert len(previews[0][1]) == 2  # of the share that was at that step
    liked = front.state["round"]["images"][0]["id"]
    front.call("generate", controls=carried, votes={liked: 1.0})
    front.wait(lambda: len(front.state["history"]) == 2)
    front.wait_phase("ready")
    assert widget.session.rounds[-1].contributions
    long: Any = controls(prompt="a monster", num_images=4, auto=False, steps=150)
    front.call("generate", controls=long, votes={liked: 1.0})
    front.wait(lambda: front.status["job"] == 3 and 0 < front.status["step"] < 300)
    front.call("cancel")
    front.wait(lambda: front.status["message"].startswith("Stopped"))
    assert len(front.state["history"]) == 2
    widget.close()
    (saved,) = sessions(tmp_path)
    assert [len(made) for made in saved.open(shared_fabric).rounds] == [4, 4]

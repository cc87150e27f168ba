"""Stars in the widget: from Python, by message, in what is left without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fabric_widget.widget.images.contact_sheet import caption, contact_sheet
from tests.widget.fakes import PATIENCE, Front

if TYPE_CHECKING:
    from fabric_widget.widget import FabricWidget


def test_a_star_from_python_and_from_the_page(widget: FabricWidget, front: Front) -> None:
    made = widget.generate().result(PATIENCE)
    widget.star(1)
    first, second = (image["id"] for image in front.state["round"]["images"])
    assert front.state["starred"] == [second]
    front.call("star", id=first, starred=True)
    assert front.state["starred"] == [second, first]
    assert front.status["undo"] == "star"
    widget.star(made[1], starred=False)
    assert front.state["starred"] == [first]
    assert widget.undo()
    assert front.state["starred"] == [second, first]


def test_exports_know_the_stars(widget: FabricWidget) -> None:
    made = widget.generate().result(PATIENCE)
    before = np.asarray(widget.snapshot())
    widget.star(0)
    assert (np.asarray(widget.snapshot()) != before).any()
    starred = contact_sheet(made, {}, starred={made[0].id})
    assert np.array_equal(np.asarray(widget.snapshot()), np.asarray(starred))
    assert caption(made, {}, {made[0].id}).endswith("; starred: 1")
    shown = widget._publisher.static_output._shown["text/html"]
    assert "; starred: 1" in shown


@pytest.mark.parametrize("starred", [1, "yes", None])
def test_a_star_is_there_or_not(widget: FabricWidget, front: Front, starred: object) -> None:
    widget.generate().result(PATIENCE)
    name = front.state["round"]["images"][0]["id"]
    answer = front.call("star", id=name, starred=starred)
    assert "is neither true nor false" in answer["message"]
    assert front.state["starred"] == []

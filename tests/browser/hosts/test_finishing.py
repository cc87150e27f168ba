"""Drafts, stars and two widgets on one pipeline, in real JupyterLab 4 and Notebook 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .notebook import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook

    Open = Callable[..., Notebook]

QUIET = "prompt='a monster', seed=7, auto=False"


def test_a_draft_is_liked_finished_enlarged_and_starred(notebook: Open) -> None:
    book = notebook(f"w = FabricWidget(num_images=1, steps=6, {QUIET})\nw.show()")
    widget = book.widget().wait(phase="idle", round=-1)
    widget.button("Drafts").click()
    drafts = widget.wait(round=0, phase="ready").ids()
    assert len(drafts) == 3
    widget.like(2).click()
    widget.expect_vote(2, liked=True)
    widget.button("Finish picture 2").click()
    (finished,) = widget.wait(round=1, phase="ready").ids()
    widget.expect_vote(1, liked=True)
    widget.button("Star picture 1").click()
    strip = widget.root.get_by_role("list", name="Best so far", exact=True)
    expect(strip.get_by_role("listitem")).to_have_count(1, timeout=PATIENCE)
    widget.button("More for picture 1").click()
    widget.button("Make picture 1 twice as large").click()
    (large,) = widget.wait(round=2, phase="ready").ids()
    assert book.evaluate("[dict(w.votes), w.starred, w.round[0].image.size, w.steps]") == [
        {large: 1},
        [finished],
        [128, 128],
        6,
    ]
    assert book.evaluate("[t.kind for t in w.session.turns]") == ["drafts", "finished", "enlarged"]


def test_two_widgets_in_a_row_take_turns(notebook: Open) -> None:
    book = notebook(
        "from ipywidgets import HBox\n"
        "pipe = load_demo()\n"
        f"a, b = (FabricWidget(pipe, num_images=2, steps=40, {QUIET}) for _ in 'ab')\n"
        "HBox([a, b])"
    )
    first, second = (book.widget(view).wait(phase="idle", round=-1) for view in (0, 1))
    for widget in (first, second):
        box = widget.root.bounding_box()
        assert box is not None
        assert box["width"] > 200
    first.button("Next round").click()
    first.wait(phase="running")
    second.button("Next round").click()
    waiting = second.root.get_by_text("Waiting for the other run on this pipeline.")
    expect(waiting).to_be_visible(timeout=PATIENCE)
    first.wait(round=0, phase="ready")
    second.wait(round=0, phase="ready")
    assert book.evaluate("a.round[0] == b.round[0]")

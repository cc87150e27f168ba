"""Likes with a reason, marked parts and subjects in real notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .notebook import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook

    Open = Callable[..., Notebook]

QUIET = "w = FabricWidget(prompt='a monster', num_images=2, steps=3, seed=7, auto=False)"


def test_a_like_with_a_reason_is_followed(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle", round=-1)
    first = widget.generate(0)
    before = book.cells()
    widget.like(1).click()
    widget.button("colors of picture 1").click()
    widget.button("Zoom picture 1").focus()
    book.page.keyboard.press("b")  # in the notebook: a new cell
    widget.generate(1)
    tries = widget.root.locator(".fw-tries").first
    expect(tries).to_have_text("the background of picture 1, colors of picture 1")
    votes = {f"{first[0]}:colors": 1, f"{first[0]}:background": 1}
    assert book.evaluate("[dict(w.votes), len(w.session.votes)]") == [votes, 2]
    assert book.cells() == before


def test_a_marked_part_and_a_subject_are_there_after_a_reload(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    widget = book.widget().wait(phase="idle", round=-1)
    first = widget.generate(0)
    widget.like(1).click()
    widget.button("subject of picture 1").click()
    shown = widget.root.locator(".fw-card .fw-part").filter(visible=True)
    expect(shown).to_have_count(1, timeout=PATIENCE)
    widget.button("Zoom picture 2").click()
    for key in ("p", "ArrowUp", "ArrowUp", "k"):
        book.page.keyboard.press(key)
    expect(widget.root.locator(".fw-zoom .fw-part").filter(visible=True)).to_have_count(1)
    expect(widget.root.get_by_role("application")).to_have_count(0, timeout=PATIENCE)
    book.page.keyboard.press("Escape")
    expect(shown).to_have_count(2)
    votes = book.evaluate("dict(w.votes)")
    assert sorted(votes.values()) == [-1, 1]
    assert {name.split(":")[0] for name in votes} == {*first}
    book.command("docmanager:save")
    book.reload()
    widget = book.widget().wait(round=0)
    expect(widget.root.locator(".fw-entry-name")).to_have_count(2)
    assert book.evaluate("dict(w.votes)") == votes
    expect(widget.root.locator(".fw-card .fw-part").filter(visible=True)).to_have_count(1)
    second = widget.generate(1)
    assert not {*first} & {*second}

"""A kernel that is killed in the midst of a round: the next one goes on with the story."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .notebook import IMPORT, PATIENCE, Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .servers import Jupyter

CELL = (
    "w = FabricWidget(load_demo(), prompt='a monster', num_images=2, steps=STEPS, seed=7, "
    "auto=False, autosave='here')\nw.show()"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "kernel"), [pytest.param("lab", "ipykernel-7", id="lab-ipykernel-7")], indirect=True
)
def test_a_killed_kernel_is_continued(server: Jupyter, kernel: str, page: Page) -> None:
    own = str(server.ask("POST", "kernels", {"name": "ipykernel-7"})["id"])
    assert own != kernel
    book = Notebook(page, server, "killed.ipynb", own)
    book.write(IMPORT, "STEPS = 3", CELL).open().run()
    widget = book.widget().wait(phase="idle", round=-1)
    expect(widget.root.get_by_role("region", name="An earlier session")).to_be_hidden()
    first = widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    second = widget.generate(1)
    assert book.evaluate("w._autosaver.flush()")
    book.evaluate("setattr(w, 'steps', 100)")
    pid = book.evaluate("__import__('os').getpid()")
    widget.button("Next round").click()
    widget.wait(phase="running")
    os.kill(pid, signal.SIGKILL)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click(timeout=PATIENCE)
    book.wait().run()
    widget = book.widget().wait(phase="idle", round=-1)
    assert book.evaluate("__import__('os').getpid()") != pid
    offer = widget.root.get_by_role("region", name="An earlier session")
    expect(offer).to_contain_text("2 rounds · 1 vote", timeout=PATIENCE)
    widget.button("Continue").click()
    assert widget.wait(round=1, phase="ready").ids() == second
    expect(offer).to_be_hidden()
    assert book.evaluate("[dict(w.votes), w.prompt, w.seed]") == [{first[0]: 1}, "a monster", 11]
    third = widget.generate(2)
    assert not {*third} & {*first, *second}
    assert book.evaluate("w.session.undo() and len(w.session.rounds)") == 2
    book.evaluate("w.close()")
    server.ask("DELETE", f"kernels/{own}")

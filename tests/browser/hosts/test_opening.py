"""A session file is dropped into the widget of a real notebook, and opened in its kernel."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .notebook import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook, Widget
    from .servers import Jupyter

    Open = Callable[..., Notebook]

PIECE = 10_000  # bytes here, so that a small session has several
SAVE = """
from fabric_widget.widget.messages import handlers
from fabric_widget.widget.saving import incoming
handlers.PIECE = incoming.PIECE = {piece}
QUIET = dict(num_images=2, steps=2, auto=False, autosave=False)
old = FabricWidget(prompt='a fish', seed=70, **QUIET)
old.generate().result()
old.dislike(1)
old.save({place!r})
old.close()
w = FabricWidget(old.session.fabric, prompt='a monster', seed=7, **QUIET)
w.generate().result()
w.like(0)
w.show()
"""
DROP = """(field, [name, text]) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    for (const event of ["dragenter", "dragover", "drop"]) {
        const about = { bubbles: true, composed: true, cancelable: true, dataTransfer };
        field.dispatchEvent(new DragEvent(event, about));
    }
}"""


def drop(widget: Widget, name: str, data: bytes) -> None:
    widget.prompt.evaluate(DROP, [name, base64.b64encode(data).decode()])


@pytest.mark.parametrize(
    ("server", "kernel"), [pytest.param("lab", "ipykernel-7", id="lab-ipykernel-7")], indirect=True
)
def test_a_dropped_session_is_opened_and_the_one_before_is_kept(
    notebook: Open, server: Jupyter
) -> None:
    place = server.home / "fish.fabric"
    book = notebook(SAVE.format(piece=PIECE, place=str(place)))
    data = place.read_bytes()
    assert len(data) > 2 * PIECE
    widget = book.widget().wait(phase="ready", round=0)
    before = widget.ids()
    drop(widget, "broken.fabric", data[:-100])
    notice = widget.root.locator(".fw-notice")
    expect(notice).to_contain_text(
        "the session in broken.fabric is damaged or incomplete", timeout=PATIENCE
    )
    assert widget.ids() == before
    drop(widget, "fish.fabric", data)
    expect(widget.root).to_contain_text("Opened fish.fabric: 1 round, 1 vote.", timeout=PATIENCE)
    opened = widget.ids()
    assert (len(opened), len({*opened, *before})) == (2, 4)
    assert book.evaluate("[len(w.session.rounds), w.prompt, w.session.differences]") == [
        1,
        "a fish",
        [],
    ]
    widget.button("Go back to it").click()
    expect(widget.like(1)).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    assert widget.ids() == before
    expect(widget.root.get_by_role("region", name="An earlier session")).to_contain_text(
        "“a fish” · 1 round · 1 vote"
    )

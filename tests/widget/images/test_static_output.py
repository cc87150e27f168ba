"""What a notebook shows where no kernel is."""

from __future__ import annotations

import base64
import io
import sys
from typing import TYPE_CHECKING, Any

import IPython
import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from fabric_widget.widget.images.contact_sheet import caption, contact_sheet
from fabric_widget.widget.images.static_output import static_output_of
from tests.widget.fakes import Front, Studio, flat, noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.engine import Round
    from fabric_widget.widget import FabricWidget

VIEW = "application/vnd.jupyter.widget-view+json"


class Notebook(DisplayPublisher):
    """Notes what is displayed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.shown: list[tuple[dict[str, Any], str, bool]] = []

    def publish(self, data: Any, *_: Any, **settings: Any) -> None:
        transient = settings.get("transient") or {}
        self.shown.append((data, transient.get("display_id", ""), settings.get("update", False)))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Return where an IPython kernel displays."""
    published = Notebook()
    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", published)
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    return published


def painted(studio: Studio, prompt: str = "a fox", count: int = 4) -> Round:
    return studio(prompt, num_images=count, seed=3, on_step=None)


def test_a_displayed_widget_leaves_a_picture_of_its_last_round(
    widget: FabricWidget, notebook: Notebook
) -> None:
    widget.show()
    (empty, name, update), (view, _, _) = notebook.shown
    assert empty == {"text/html": '<div class="fabric-widget-still"></div>'}
    assert VIEW in view
    assert name
    assert not update
    widget.prompt = '<script>alert("x")</script>'
    widget.generate().result()
    static_output, again, update = notebook.shown[-1]
    assert (again, update) == (name, True)
    assert "<script" not in static_output["text/html"]
    assert "&lt;script&gt;" in static_output["text/html"]
    data = base64.b64decode(static_output["image/jpeg"])
    assert Image.open(io.BytesIO(data)).width == 640
    assert len(notebook.shown) == 3
    widget.undo()
    assert notebook.shown[-1][0] == empty


@pytest.mark.usefixtures("notebook")
def test_a_widget_shown_late_shows_its_round(
    make: Callable[..., FabricWidget], notebook: Notebook
) -> None:
    widget = make()
    widget.generate().result()
    assert notebook.shown == []
    widget.show()
    assert "image/jpeg" in notebook.shown[0][0]


def test_elsewhere_nothing_is_added(widget: FabricWidget, front: Front) -> None:
    data, metadata = widget._repr_mimebundle_()
    assert data[VIEW]["model_id"] == front.comm.comm_id
    assert metadata == {}


def test_what_colab_needs_is_kept(widget: FabricWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {VIEW: {"colab": {"custom_widget_manager": {"url": "x"}}}}
    monkeypatch.setattr("anywidget._util.get_repr_metadata", lambda: told)
    assert widget._repr_mimebundle_()[1] == told
    assert "google.colab" not in sys.modules


@pytest.mark.parametrize("paint", [flat, noise])
@pytest.mark.parametrize("count", [1, 4, 16])
def test_a_still_has_60_kb_at_most(
    studio: Studio, paint: Callable[[int, int], Image.Image], count: int
) -> None:
    studio.paint = lambda seed: paint(seed, 256)
    static_output = static_output_of(painted(studio, count=count), {})
    assert len(base64.b64decode(static_output["image/jpeg"])) <= 60_000


def test_a_sheet_shows_every_picture_and_every_vote(studio: Studio) -> None:
    made = painted(studio, count=5)
    plain = contact_sheet(made, {}, 640)
    voted = contact_sheet(made, {made[1].id: 1.0, made[2].id: -0.5}, 640)
    assert plain.size == voted.size
    assert plain.width == 640
    colours = [pixel for _, pixel in plain.getcolors(1 << 20) or []]
    assert all(image.image.getpixel((0, 0)) in colours for image in made)
    assert caption(made, {made[1].id: 1.0, made[2].id: -0.5}) == (
        "5 pictures of “a fox”, seeds from 3; liked: 2; disliked: 3"
    )


@pytest.mark.parametrize("prompt", ["", "word " * 2000, "x" * 10_000, "日本 \n\t é"])
def test_any_prompt_can_be_drawn(studio: Studio, prompt: str) -> None:
    sheet = contact_sheet(painted(studio, prompt, 1), {})
    assert sheet.width == 1040

"""A widget's session in one file, and a widget that goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from fabric_widget import FabricWidget
from fabric_widget.session import SessionFileError, read_settings
from fabric_widget.widget.state import serialize
from tests.session.files.small import facts, small_session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.widget.fakes import Front


def test_a_widget_goes_on_with_what_another_saved(tmp_path: Path) -> None:
    session = small_session()
    FabricWidget(session).save(tmp_path / "cats.fabric")
    again = FabricWidget.open(session.fabric, tmp_path / "cats.fabric", num_images=3)
    assert isinstance(again, FabricWidget)
    assert facts(again.session) == facts(session)
    assert (again.prompt, again.seed, again.num_images) == (session.prompt, session.next_seed, 3)
    assert len(again.history) == 2
    again.undo()
    again.redo()
    assert facts(again.session) == facts(session)
    again.open()  # the front end asks for this one
    again.close()


def test_what_is_wrong_with_a_file_is_told_before_there_is_a_widget(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match="there is no session"):
        FabricWidget.open(small_session().fabric, tmp_path / "cats.fabric")


def test_a_png_of_a_session_that_is_dropped_offers_what_it_was_made_from(
    front: Front, tmp_path: Path
) -> None:
    session = small_session()
    image = session.rounds[1][0]
    widget = FabricWidget(small_session())
    _, (png,) = front.answer(front.ask("fetch", id=serialize.name_of(image.id), kind="full"))
    told = read_settings(bytes(png))
    assert told is not None
    assert [vote["strength"] for vote in told.votes] == [1.5, 1.0, -1.0]
    answer, _ = front.answer(front.ask("upload", [png], names=["dog.png"]))
    assert answer["made"] == [{"name": "dog.png", "prompt": "a dog", "seed": 7}]
    front.call("use_settings", name="dog.png")
    assert (widget.prompt, widget.seed, widget.guidance) == ("a dog", 7, 2.5)
    widget.prompt, widget.seed = "a cat", 3
    assert widget.use_settings("dog.png") == told
    assert (widget.prompt, widget.seed, widget.guidance) == ("a dog", 7, 2.5)
    assert "cat.png" in str(front.call("use_settings", name="cat.png"))
    (tmp_path / "dog.png").write_bytes(png)
    assert widget.use_settings(tmp_path / "dog.png") == told
    assert widget.use_settings(told) == told
    Image.new("RGB", (3, 3)).save(tmp_path / "photo.png")
    front.call("upload", [(tmp_path / "photo.png").read_bytes()], names=["photo.png"])
    with pytest.raises(ValueError, match="does not say what it was made from"):
        widget.use_settings(tmp_path / "photo.png")
    widget.close()

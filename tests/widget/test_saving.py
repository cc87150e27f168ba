"""A widget's session in one file, and a widget that goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fabric_widget import FabricWidget
from fabric_widget.session import SessionFileError
from tests.session.files.small import facts, small_session

if TYPE_CHECKING:
    from pathlib import Path


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

"""A widget that saves itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.widget.fakes import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget

    Make = Callable[..., FabricWidget]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture
def voted(make: Make, root: Path) -> FabricWidget:
    """Return a widget with two rounds and a vote, all on disk."""
    widget = make(auto=False, autosave=root, prompt="a fox")
    widget.generate().result(PATIENCE)
    widget.like(0)
    widget.generate().result(PATIENCE)
    assert widget._autosaver.flush()
    return widget

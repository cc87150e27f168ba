"""Where LoRAs are kept while tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep LoRAs where nobody else looks."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(home))
    return home

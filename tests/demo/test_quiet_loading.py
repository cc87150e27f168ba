"""The demo model loads without a word, and leaves what the libraries say of other models alone."""

from __future__ import annotations

import subprocess
import sys

import diffusers.utils.logging
import pytest
import transformers.utils.logging
from huggingface_hub.utils.tqdm import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)

from fabric_widget.demo.quiet_loading import quiet_loading

LIBRARIES = (diffusers.utils.logging, transformers.utils.logging)
FIRST_CONTACT = """
from fabric_widget import FabricWidget, load_demo
FabricWidget(load_demo(), prompt="a monster")
from fabric_widget.demo.reader import load_reader
load_reader()
"""


def test_not_a_line_in_a_new_process() -> None:
    """In an executed notebook each line would stay as an output."""
    ran = subprocess.run(  # noqa: S603  (this Python)
        [sys.executable, "-c", FIRST_CONTACT], capture_output=True, text=True, check=True
    )
    assert ran.stdout + ran.stderr == ""


def torn() -> None:
    with quiet_loading():
        assert not any(library.is_progress_bar_enabled() for library in LIBRARIES)
        assert {library.get_verbosity() for library in LIBRARIES} == {40}
        message = "torn"
        raise OSError(message)


@pytest.mark.parametrize("shown", [True, False])
def test_settings_come_back_after_an_error(*, shown: bool) -> None:
    before = [library.is_progress_bar_enabled() for library in LIBRARIES]
    hub = are_progress_bars_disabled()
    levels = [library.get_verbosity() for library in LIBRARIES]
    try:
        for library in LIBRARIES:
            (library.enable_progress_bar if shown else library.disable_progress_bar)()
            library.set_verbosity_info()
        with pytest.raises(OSError, match="torn"):
            torn()
        assert [library.is_progress_bar_enabled() for library in LIBRARIES] == [shown, shown]
        assert are_progress_bars_disabled() is not shown
        assert {library.get_verbosity() for library in LIBRARIES} == {20}
    finally:
        for library, bar, level in zip(LIBRARIES, before, levels, strict=True):
            (library.enable_progress_bar if bar else library.disable_progress_bar)()
            library.set_verbosity(level)
        (disable_progress_bars if hub else enable_progress_bars)()

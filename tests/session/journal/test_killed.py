"""A process that is killed loses at most the act that was under way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")


@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_a_killed_session_opens_with_at_most_the_act_in_flight_missing(count: int) -> None:
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "tests.session.journal.killed", str(count), "5"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout)
    assert len(ends) == count
    assert {"torn", "killed"} <= set(ends)

"""The arrows between rooms: the contracts hold, and notice an arrow that goes the wrong way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]
WRONG = {
    "engine/schedule.py": "fabric_widget.session.session",
    "engine/attention/core.py": "fabric_widget.engine.pipeline.denoiser",
    "engine/pipeline/latents.py": "fabric_widget.engine.votes.images",
    "engine/attention/tokens.py": "diffusers",
    "session/history.py": "traitlets",
    "demo/scenes/scene.py": "fabric_widget.engine.errors",
    "widget/state/status.py": "fabric_widget.widget.jobs.run",
}
CIRCLE = {"widget/state/status.py": ".state -> .jobs (1 import)"}  # circles are told by room

_CHECK = """
import sys
sys.path.insert(0, ".")
from importlinter.cli import lint_imports_command
lint_imports_command(["--no-cache", "--no-logo"])
"""


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the package that stands in a folder."""
    command = [sys.executable, "-c", _CHECK]
    return subprocess.run(  # noqa: S603  (our own interpreter)
        command, check=False, capture_output=True, text=True, cwd=folder
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "fabric_widget", tmp_path / "fabric_widget", ignore=shutil.ignore_patterns("model")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_arrow_goes_the_right_way(copy: Path) -> None:
    done = contracts(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_arrows_that_go_the_wrong_way_are_noticed(copy: Path) -> None:
    for place, target in WRONG.items():
        file = copy / "fabric_widget" / place
        file.write_text(f"{file.read_text(encoding='utf-8')}\nimport {target}\n", encoding="utf-8")
    done = contracts(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    told = " ".join(done.stdout.split())  # arrows are broken into lines where they are long
    for place, target in WRONG.items():
        name = place.removesuffix(".py").replace("/", ".")
        assert f"- {CIRCLE.get(place, f'fabric_widget.{name} -> {target} (l.')}" in told

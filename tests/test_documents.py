"""What the README and the documents tell people to type works, with the model that ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import fabric_widget
from fabric_widget import load_demo

ROOT = Path(fabric_widget.__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (80, 60), "green").save("photo.png")
    (lines,) = re.findall(
        r"```python\n(from fabric_widget import Fabric,.*?)```", README, re.DOTALL
    )
    assert len([line for line in lines.splitlines() if line]) == 10
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102  (our own)
    with Image.open("monster.png") as made:
        assert made.size == (64, 64)
    (large,) = re.findall(r"```python\n(from fabric_widget import HiRes.*?)```", README, re.DOTALL)
    exec(large, names)  # noqa: S102  (our own)
    assert names["larger"][0].image.size == (128, 128)


@pytest.mark.parametrize("document", ["README.md", "docs/widget.md", "docs/playground.md"])
def test_what_is_said_of_the_widget_runs(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {"pipe": load_demo()}
    for block in blocks[:1] if document == "README.md" else blocks:
        exec(block, names)  # noqa: S102  (our own)


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/decisions.md",
        "docs/performance.md",
        "docs/pipelines.md",
        "docs/playground.md",
        "docs/widget.md",
    ],
)
def test_links_within_the_project_lead_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    lost = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert not lost

"""What the README and the documents tell people to type works, with the model that ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fabric_widget
from fabric_widget import Fabric, load_demo
from fabric_widget.evaluation.methods import Ask, Shown
from fabric_widget.evaluation.person import Opinion
from fabric_widget.evaluation.study.studio import Studio
from tests.evaluation.study.conftest import PaintedStudio

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


@pytest.mark.parametrize("document", ["README.md", "docs/widget.md"])
def test_what_is_said_of_the_widget_runs(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {"pipe": load_demo()}
    for block in blocks if document == "docs/widget.md" else blocks[:1]:
        exec(block, names)  # noqa: S102  (our own)


def test_the_method_that_is_put_beside_ours_works() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    method, _ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(method, names)  # noqa: S102  (our own)
    fabric, arguments = Fabric(load_demo()), {"num_inference_steps": 4}
    first = tuple(names["redrawn"](fabric, Ask("a monster", (0, 1), (), arguments)))
    shown = Shown((0, 1), first, Opinion((1.0, -1.0), (0, 1)))
    later = names["redrawn"](fabric, Ask("a monster", (2, 3), (shown,), arguments))
    liked, disliked = (np.asarray(picture.image, dtype=float) for picture in first)
    for picture in later:
        made = np.asarray(picture, dtype=float)
        assert abs(made - liked).mean() < abs(made - disliked).mean()


def test_a_study_runs_from_python_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Studio, "load", PaintedStudio)
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    _, study = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(study, names)  # noqa: S102  (our own)
    assert len(names["records"]) == 2 * names["summary"].prompts == 40
    assert {effect.baseline for effect in names["summary"].effects} == {"none"}


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/decisions.md",
        "docs/evaluation.md",
        "docs/performance.md",
        "docs/pipelines.md",
        "docs/widget.md",
    ],
)
def test_links_within_the_project_lead_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    lost = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert not lost

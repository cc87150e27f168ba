"""The code blocks and links of the README and the documentation work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fabric_widget
from fabric_widget import Fabric, demo, load_demo
from fabric_widget.evaluation.methods import MethodRequest, Shown
from fabric_widget.evaluation.people.simulated_user import Opinion
from fabric_widget.evaluation.study.resources import Resources
from tests.evaluation.study.conftest import PaintedResources

ROOT = Path(fabric_widget.__file__).parents[1]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
]
# A block of Python, with the reason in a comment above it if it is not run.
_BLOCK = re.compile(
    r"(?:^<!-- not run: ([^\n]+) -->\n)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL
)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def snippets(page: str) -> list[str]:
    """Return the Python blocks of a page, except those marked as not run."""
    return [code for reason, code in _BLOCK.findall(read(page)) if not reason]


def quick_demo(*where: Any, **how: Any) -> Any:
    """Load the demo model with fewer steps recommended: pages that name none tell of others."""
    pipe = load_demo(*where, **how)
    pipe.register_to_config(
        _fabric_defaults={**pipe.config["_fabric_defaults"], "num_inference_steps": 4}
    )
    return pipe


def run(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the Python blocks of a page in order, in a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(folder / "home"))
    for room in (fabric_widget, demo):
        monkeypatch.setattr(room, "load_demo", quick_demo)
    Image.new("RGB", (80, 60), "green").save("photo.png")
    names: dict[str, Any] = {"pipe": quick_demo()}
    for code in snippets(page):
        exec(compile(code, page, "exec"), names)  # noqa: S102  (our own pages)


def test_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lines,) = (
        code
        for code in snippets("README.md")
        if code.startswith("from fabric_widget import Fabric,")
    )
    assert len([line for line in lines.splitlines() if line]) == 10
    run("README.md", tmp_path, monkeypatch)
    with Image.open("monster.png") as made:
        assert made.size == (64, 64)


@pytest.mark.parametrize(
    "document", [page for page in PAGES if page != "README.md" and snippets(page)]
)
def test_the_python_of_a_page_runs(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(document, tmp_path, monkeypatch)


@pytest.mark.parametrize("document", PAGES)
def test_python_is_marked_as_such(document: str) -> None:
    """No Python block escapes the tests by another language name, or by indentation."""
    fences = re.findall(
        r"^[ \t]*```+[ \t]*(py\w*)\b.*$", read(document), re.MULTILINE | re.IGNORECASE
    )
    assert len(fences) == len(_BLOCK.findall(read(document)))


def test_the_example_of_a_method_works() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    method, _ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(method, names)  # noqa: S102  (our own pages)
    fabric, arguments = Fabric(load_demo()), {"num_inference_steps": 4}
    first = tuple(names["redrawn"](fabric, MethodRequest("a monster", (0, 1), (), arguments)))
    shown = Shown((0, 1), first, Opinion((1.0, -1.0), (0, 1)))
    later = names["redrawn"](fabric, MethodRequest("a monster", (2, 3), (shown,), arguments))
    liked, disliked = (np.asarray(picture.image, dtype=float) for picture in first)
    for picture in later:
        made = np.asarray(picture, dtype=float)
        assert abs(made - liked).mean() < abs(made - disliked).mean()


def test_the_example_of_a_study_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Resources, "load", PaintedResources)
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    _, study = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(study, names)  # noqa: S102  (our own pages)
    assert len(names["records"]) == 2 * names["summary"].prompts == 40
    assert {effect.baseline for effect in names["summary"].effects} == {"none"}


@pytest.mark.parametrize("document", PAGES)
def test_links_within_the_project_are_not_broken(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(document))
    broken = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert not broken


def test_the_pictures_of_the_readme_are_those_of_the_documentation() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", read("README.md"))
    assert pictures
    for picture in pictures:
        assert picture.startswith("docs/images/")
        assert (ROOT / picture).is_file()

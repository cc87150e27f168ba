"""Every notebook runs from top to bottom, and is saved as people should find it."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import fabric_widget

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(fabric_widget.__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MARIMO = sorted(FOLDER.glob("[0-9]*.py"))
MOST_BYTES = 400_000
# What would tell machines apart, or people.
_TELLTALE = re.compile(r"/(?:home|root|tmp|work|Users|usr|opt)/|[A-Z]:\\\\|0x[0-9a-f]{6,}|\.venv")
_DATA_URL = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=\s]+)")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

Document = dict[str, Any]


def read(path: Path) -> Document:
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document


def code(notebook: Document) -> list[Document]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook: Document) -> str:
    return "\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )


def outputs(notebook: Document) -> Iterator[Document]:
    for cell in code(notebook):
        yield from cell["outputs"]


def kinds(notebook: Document) -> list[list[str]]:
    """Return what each code cell shows: streams by name, data by type."""
    return [
        [shown.get("name") or "+".join(sorted(shown.get("data", {}))) for shown in cell["outputs"]]
        for cell in code(notebook)
    ]


def pictures(notebook: Document) -> Iterator[Image.Image]:
    for output in outputs(notebook):
        for kind, data in output.get("data", {}).items():
            content = "".join(data) if isinstance(data, list) else str(data)
            found = [content] if kind in {"image/png", "image/jpeg"} else _DATA_URL.findall(content)
            for encoded in found:
                with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
                    yield picture.convert("RGB")


def run(folder: Path, *command: str) -> None:
    """Run a Python program offline, on one thread, with settings of its own."""
    own = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "IPYTHONDIR": str(folder / "ipython")}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "JUPYTER"))}
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        env={**inherited, **own},
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.slow
@each_notebook
def test_it_runs_and_shows_what_is_saved(path: Path, tmp_path: Path) -> None:
    run(tmp_path, str(FOLDER / "save.py"), "--to", str(tmp_path), str(path))
    made, saved = read(tmp_path / path.name), read(path)
    assert not [output for output in outputs(made) if output.get("name") == "stderr"]
    assert kinds(made) == kinds(saved)
    assert len(list(pictures(made))) == len(list(pictures(saved)))


@each_notebook
def test_it_is_saved_with_pictures_and_small(path: Path) -> None:
    saved = read(path)
    shown = list(pictures(saved))
    assert shown
    for picture in shown:
        assert len(picture.resize((32, 32)).getcolors(32**2) or ()) > 8  # not blank
    assert path.stat().st_size <= MOST_BYTES
    assert [cell["execution_count"] for cell in code(saved)] == [*range(1, len(code(saved)) + 1)]


@each_notebook
def test_it_says_nothing_of_the_machine_it_was_made_on(path: Path) -> None:
    saved = read(path)
    assert set(saved["metadata"]) == {"kernelspec", "language_info"}
    assert saved["metadata"]["language_info"] == {"name": "python"}
    assert not [cell for cell in saved["cells"] if "execution" in cell["metadata"]]
    for output in outputs(saved):
        texts = {k: v for k, v in output.get("data", {}).items() if k.startswith("text/plain")}
        assert not _TELLTALE.search(json.dumps([texts, output.get("text", "")]))


@each_notebook
def test_it_opens_in_colab_and_installs_only_where_it_must(path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    repository = settings["project"]["urls"]["Repository"]
    (first, *_), text = code(read(path)), prose(read(path))
    name = repository.removeprefix("https://github.com/")
    badge = f"https://colab.research.google.com/github/{name}/blob/main/notebooks/{path.name}"
    assert f"]({badge})" in text
    condition, install = "".join(first["source"]).splitlines()[-2:]
    assert condition == 'if importlib.util.find_spec("fabric_widget") is None:'
    assert re.fullmatch(rf'    %pip install --quiet ".*git\+{re.escape(repository)}"', install)


@each_notebook
def test_its_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", prose(read(path)))
    assert not [t for t in targets if "://" not in t and not (FOLDER / t).exists()]


@each_notebook
def test_every_exercise_has_a_folded_solution_that_checks_itself(path: Path) -> None:
    saved = read(path)
    solutions = [c for c in code(saved) if "solution" in c["metadata"].get("tags", ())]
    asked = re.findall(r"\*\*Exercise (\d+)\.\*\*", prose(saved))
    titles = [re.match(r"# @title Solution (\d+)\n", "".join(c["source"])) for c in solutions]
    assert [title and title[1] for title in titles] == asked
    for cell in solutions:
        assert "assert" in "".join(cell["source"])
        assert cell["metadata"]["jupyter"]["source_hidden"]
        assert cell["metadata"]["cellView"] == "form"


def test_there_are_notebooks_and_exercises() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "07"]
    assert any("**Exercise" in prose(read(path)) for path in NOTEBOOKS)
    assert MARIMO


@pytest.mark.slow
@pytest.mark.parametrize("path", MARIMO, ids=lambda path: path.stem)
def test_the_marimo_app_exports_with_its_pictures(path: Path, tmp_path: Path) -> None:
    app, page = tmp_path / path.name, tmp_path / "page.html"
    shutil.copy(path, app)  # marimo writes beside what it runs
    run(tmp_path, "-m", "marimo", "export", "html", str(app), "-o", str(page))
    text = page.read_text(encoding="utf-8")
    assert "fabric-widget" in text
    assert "1 round(s)" in text
    assert "Traceback" not in text
    assert _DATA_URL.search(text)


def test_style_and_format_hold_in_notebooks_too() -> None:
    for command in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(FOLDER)], check=True)  # noqa: S603  (our own)

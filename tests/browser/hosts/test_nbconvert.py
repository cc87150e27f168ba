"""What is left of the widget where no kernel is: a notebook that was executed, saved, exported."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from .notebook import IMPORT, document
from .servers import environment, write_kernelspec

if TYPE_CHECKING:
    from pathlib import Path

CELLS = (
    f"{IMPORT}\nw = FabricWidget(prompt='a monster', num_images=2, steps=4, seed=7, auto=False)",
    "w.show()",
    "round_ = w.generate().result()",
    "w.like(0)\nlast = w.generate().result()",
    "print([picture.id for picture in last])",
)
IMG = re.compile(r"""<img[^>]*\bsrc=["']data:image/\w+;base64,([A-Za-z0-9+/=\s]+)["']""")


def convert(home: Path, *arguments: str) -> None:
    subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "nbconvert", *arguments],
        check=True,
        capture_output=True,
        cwd=home,
        env=environment(home),
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Execute a notebook that makes two rounds, and export it with its outputs, and without."""
    home = tmp_path_factory.mktemp("nbconvert")
    write_kernelspec(home / "data/kernels/python3", "python3", None)
    (home / "round.ipynb").write_text(json.dumps(document(*CELLS)), encoding="utf-8")
    convert(home, "--to=html", "--output=bare.html", "round.ipynb")
    convert(home, "--to=notebook", "--execute", "--output=done.ipynb", "round.ipynb")
    convert(home, "--to=html", "--output=done.html", "done.ipynb")
    return home


def pictures(text: str) -> list[Image.Image]:
    """Decode the pictures that a page shows."""
    found = []
    for data in IMG.findall(text):
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            found.append(picture.convert("RGB"))
    return found


def last_round(notebook: dict[str, Any]) -> Image.Image:
    """Return the only picture of a notebook's outputs, where widgets are not drawn."""
    outputs = [
        output["data"]
        for cell in notebook["cells"]
        for output in cell["outputs"]
        if "data" in output and "application/vnd.jupyter.widget-view+json" not in output["data"]
    ]
    (sheet,) = pictures("".join("".join(data.get("text/html", "")) for data in outputs))
    return sheet


def colours(picture: Image.Image) -> int:
    return len(picture.resize((16, 16)).getcolors() or ())


def test_the_exported_page_shows_the_last_round(home: Path) -> None:
    (sheet,) = pictures((home / "done.html").read_text(encoding="utf-8"))
    # Two pictures beside each other, neither of one colour, and not the same.
    assert sheet.width > sheet.height
    halves = [sheet.crop((x, 0, x + sheet.width // 2, sheet.height)) for x in (0, sheet.width // 2)]
    assert all(colours(half) > 50 for half in halves)
    assert halves[0].tobytes() != halves[1].tobytes()


def test_the_exported_page_is_small(home: Path) -> None:
    grown = (home / "done.html").stat().st_size - (home / "bare.html").stat().st_size
    assert grown < 1_000_000


def test_the_saved_notebook_shows_the_last_round_where_widgets_are_not_drawn(home: Path) -> None:
    saved = json.loads((home / "done.ipynb").read_text(encoding="utf-8"))
    assert colours(last_round(saved)) > 50
    # What is saved besides the sheet is the state of the widget, and that is bounded as well.
    assert (home / "done.ipynb").stat().st_size < 1_000_000

"""A notebook with the widget, executed by papermill with other parameters and nobody watching."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from .notebook import IMPORT, document
from .servers import environment, write_kernelspec
from .test_nbconvert import colours, last_round

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("papermill") is None,
    reason="papermill is not there: make test installs what the dev extra names",
)
CELLS = (
    "prompt, liked = 'a monster', 0",
    f"{IMPORT}\nw = FabricWidget(prompt=prompt, num_images=2, steps=3, seed=7, auto=False)",
    "w.show()",
    "first = w.generate().result()\nw.like(liked)\nlast = w.generate().result()",
    "print([last.prompt, w.votes == {first[liked].id[:12]: 1.0}, len(w.history)])",
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Execute the notebook with other parameters; give what papermill has written."""
    home: Path = tmp_path_factory.mktemp("papermill")
    write_kernelspec(home / "data/kernels/python3", "python3", None)
    notebook: dict[str, Any] = document(*CELLS)
    notebook["cells"][0]["metadata"]["tags"] = ["parameters"]
    (home / "in.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    parameters = ("-p", "prompt", "a red fish", "-p", "liked", "1")
    subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", *parameters],
        check=True,
        capture_output=True,
        cwd=home,
        env=environment(home),
    )
    written: dict[str, Any] = json.loads((home / "out.ipynb").read_text(encoding="utf-8"))
    return written


def test_the_widget_takes_the_parameters(done: dict[str, Any]) -> None:
    (said,) = [one for one in done["cells"][-1]["outputs"] if one["output_type"] == "stream"]
    assert "".join(said["text"]).strip() == "['a red fish', True, 2]"


def test_the_executed_notebook_shows_the_last_round(done: dict[str, Any]) -> None:
    sheet = last_round(done)
    assert colours(sheet) > 50

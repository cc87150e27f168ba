"""Run notebooks from top to bottom and save them with their pictures.

    python notebooks/save.py [--to FOLDER] [NOTEBOOK ...]

What is saved says nothing of the machine that it was made on: no times, no paths, no versions.
Live widgets are left out, for they cannot be drawn without a kernel; their still pictures stay.
"""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from nbformat import NotebookNode

HERE = Path(__file__).parent
LIVE = "application/vnd.jupyter.widget-view+json"
# Nothing is fetched, and neither progress bars nor notes on missing extras are saved.
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(path: Path) -> NotebookNode:
    """Return the notebook with the outputs of a fresh kernel; the first error ends it."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        timeout=600,
        coalesce_streams=True,  # how a kernel cuts what is printed depends on the load
        record_timing=False,
        store_widget_state=False,
    )
    done: NotebookNode = client.execute()
    return done


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without live widgets and without what tells machines apart.

    Of a picture in two formats JPEG is kept: it is the smaller one.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if LIVE not in output.get("data", {})]
            for output in cell.outputs:
                if "image/jpeg" in output.get("data", {}):
                    output.data.pop("image/png", None)
    return notebook


def main() -> None:
    """Run and save the notebooks that the command line names, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(HERE.glob("*.ipynb")))
    parser.add_argument("--to", type=Path, help="another folder than their own")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    # Where its cache of fonts is missing it is made here, and not in a cell that would say so.
    importlib.import_module("matplotlib.font_manager")
    for path in options.notebooks:
        nbformat.write(cleaned(executed(path)), (options.to or path.parent) / path.name)


if __name__ == "__main__":
    main()

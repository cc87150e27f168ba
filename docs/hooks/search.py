"""Make search work on pages opened from a disk, where browsers allow no workers.

The script runs the worker in a frame. It is one of the front end's development packages; otherwise
the theme would download it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_SHIM = Path(__file__).parents[2] / "node_modules/iframe-worker/shim/index.js"
_HERE = "scripts/iframe-worker.js"


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Add the script to the site."""
    files.append(File.generated(config, _HERE, content=_SHIM.read_text("utf-8")))
    config.extra["polyfills"] = [_HERE]

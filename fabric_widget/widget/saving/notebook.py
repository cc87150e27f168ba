"""Which notebook this is, as far as its host tells."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_VS_CODE = "__vsc_ipynb_file__"


def notebook_name() -> str:
    """Return a name for the notebook that the kernel runs: its path, or else its folder.

    Jupyter tells it in the environment, VS Code in a variable, marimo by a function. Colab has one
    notebook for each machine, elsewhere a kernel's folder has to do.
    """
    told = os.environ.get("JPY_SESSION_NAME") or _variables().get(_VS_CODE)
    if isinstance(told, str) and told:
        return os.path.normpath(Path.cwd() / told)
    return _marimo() or str(Path.cwd())


def notebook_folder() -> Path:
    """Return the folder that the notebook lies in."""
    path = Path(notebook_name())
    return path if path.is_dir() or not path.suffix else path.parent


def in_colab() -> bool:
    """Return whether this is a kernel of Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def _variables() -> dict[str, object]:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    found: dict[str, object] = getattr(shell, "user_ns", {})
    return found


def _marimo() -> str:
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook():
        return ""
    shown = getattr(sys.modules.get("__main__"), "__file__", None)
    return str(shown) if isinstance(shown, str) and shown.endswith(".py") else ""

"""A machine that lacks packages: what can be asked without them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import fabric_widget

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "PIL", "numpy")
_ENGINE = "fabric_widget.engine"


def lacking() -> list[str]:
    """Return the packages that checks are made with and that are not installed."""
    return [name for name in _PACKAGES if find_spec(name) is None]


def engine_without_pipelines() -> None:
    """Let parts of the engine that need only torch be imported where there is no diffusers.

    The engine's own package imports all of its rooms; an empty one stands in for it.
    """
    package = ModuleType(_ENGINE)
    package.__path__ = [str(Path(fabric_widget.__file__).parent / "engine")]
    sys.modules.setdefault(_ENGINE, package)

"""The tables of docs/pipelines.md, which tests hold against what diffusers exports."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import fabric_widget


@cache
def section(name: str) -> str:
    """Return what stands between the marks of a section."""
    document = Path(fabric_widget.__file__).parents[1] / "docs" / "pipelines.md"
    text = document.read_text(encoding="utf-8")
    return text.partition(f"<!-- {name} -->")[2].partition("<!-- end")[0]

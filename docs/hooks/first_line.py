"""Of a package's own words, the reference has the first line; the rest is about its files."""

from __future__ import annotations

from typing import Any

import griffe


class FirstLine(griffe.Extension):
    """Shortens the docstrings of packages."""

    def on_module_instance(self, *, mod: griffe.Module, **_event: Any) -> None:
        """Keep the first line."""
        if mod.docstring:
            mod.docstring.value = mod.docstring.value.partition("\n")[0]

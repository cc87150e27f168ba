"""Keep only the first line of package docstrings in the reference: the rest lists their files."""

from __future__ import annotations

from typing import Any

import griffe


class FirstLine(griffe.Extension):
    """Shorten the docstrings of packages."""

    def on_module_instance(self, *, mod: griffe.Module, **_event: Any) -> None:
        """Keep the first line."""
        if mod.docstring:
            mod.docstring.value = mod.docstring.value.partition("\n")[0]

"""The keyword arguments of FabricWidget, and errors for all others."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.messages.settings_updates import OPEN

if TYPE_CHECKING:
    from collections.abc import Collection

KEYWORDS = (*OPEN, "batch_size", "cache_bytes", "preview", "presets_file", "autosave")

STANDING: Any = ...
"""A control that was not given: as the session left it, or else as the trait has it."""


def refuse_unknown(given: Collection[str]) -> None:
    """Raise a TypeError for unknown keywords, which names the closest known ones.

    Raises
    ------
    TypeError
        There is one.
    """
    if given:
        alike = difflib.get_close_matches(next(iter(given)), KEYWORDS, n=1)
        hint = f"did you mean {alike[0]}? " if alike else ""
        message = (
            f"FabricWidget has no keyword {', '.join(given)}: {hint}"
            f"The keywords are {', '.join(KEYWORDS)}"
        )
        raise TypeError(message)


def refuse_batch_size(batch_size: object) -> None:
    """Raise an error unless a batch size is a positive integer or None.

    Raises
    ------
    ValueError
        It is neither None nor a whole number from 1 on.
    """
    if batch_size is None:
        return
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        message = f"batch_size is {batch_size!r}: give 1 or more, or None"
        raise ValueError(message)

"""What is asked, the most important first.

kernels     the gate against float64, for each attention kernel, precision and head size
laws        identity, effect and restoration: of one pipeline, and over the zoo
memory      out of memory and recovery, the cache and its overflow, what stays after rounds
shapes      what feedback costs at real sizes
placement   offloaded, compiled, quantized and otherwise fitted pipelines
rounds      previews, round times, two pipelines at once
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING

from fabric_widget.gpu.check import Check, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.gpu.check import Found
    from fabric_widget.gpu.place import Place

# Rooms and what each yields of its checks, the most important first.
_ORDER = (
    ("kernels", "checks"),
    ("laws", "usual"),
    ("memory", "checks"),
    ("shapes", "usual"),
    ("placement", "checks"),
    ("rounds", "checks"),
    ("shapes", "further"),
    ("laws", "further"),
)


def every_check(place: Place) -> list[Check]:
    """Return all checks for a place, the most important first."""
    return [check for group, part in _ORDER for check in _of(group, part, place)]


def _of(group: str, part: str, place: Place) -> Iterator[Check]:
    """Yield a part of a group; one that says what is missing, where it cannot be imported."""
    try:
        module = import_module(f"{__name__}.{group}")
    except ImportError as error:
        ask = functools.partial(_refused, reason=f"cannot be asked here: {error}")
        yield Check(group, part, "the whole group", ask)
        return
    yield from getattr(module, part)(place)


def _refused(_: Place, *, reason: str) -> Found:
    raise Skipped(reason)

"""Values of JSON, checked: each function returns a value of one kind, or says what it is."""

from __future__ import annotations

import math
from typing import Any, NoReturn

_LONGEST = 60  # characters of a value in a message
MOST_SEED = 2**63
_PLAIN = (str, int, float, bool, type(None))


def text(value: object, what: str) -> str:
    """Return a text, or raise a ValueError that names `what`."""
    return value if isinstance(value, str) else _refuse(value, what, "a text")


def truth(value: object, what: str) -> bool:
    """Return true or false, or raise a ValueError that names `what`."""
    return value if isinstance(value, bool) else _refuse(value, what, "true or false")


def whole(value: object, what: str, most: int = MOST_SEED) -> int:
    """Return a whole number from 0 to `most`, or raise a ValueError that names `what`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        _refuse(value, what, f"a whole number from 0 to {most}")
    return value


def number(value: object, what: str, low: float, high: float) -> float:
    """Return a number from `low` to `high`, or raise a ValueError that names `what`."""
    kind = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not kind or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        _refuse(value, what, f"a number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def listed(value: object, what: str) -> list[Any]:
    """Return a list, or raise a ValueError that names `what`."""
    return value if isinstance(value, list) else _refuse(value, what, "a list")


def mapping(value: object, what: str) -> dict[str, Any]:
    """Return an object, or raise a ValueError that names `what`."""
    return value if isinstance(value, dict) else _refuse(value, what, "an object")


def is_plain(value: object) -> bool:
    """Return whether a session keeps an argument: a text, a finite number, true, false, nothing."""
    return isinstance(value, _PLAIN) and not (isinstance(value, float) and not math.isfinite(value))


def settings(value: object, what: str) -> dict[str, Any]:
    """Return an object of what `is_plain`, or raise a ValueError that names `what`."""
    found = mapping(value, what)
    for name, one in found.items():
        if not is_plain(one):
            _refuse(one, f"{name} of {what}", "a text, a finite number, true, false or null")
    return found


def _refuse(value: object, what: str, wanted: str) -> NoReturn:
    given = repr(value)
    given = given if len(given) <= _LONGEST else given[:_LONGEST] + "…"
    message = f"{what} is {given}, and should be {wanted}"
    raise ValueError(message)

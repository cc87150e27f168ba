"""Error reports: title, message, advice, traceback to copy."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_MESSAGE = 600
_LONGEST_TRACEBACK = 6_000  # the end of it, where the error is
_OUT_OF_MEMORY = (
    "out of memory",  # CUDA, MPS
    "can't allocate memory",  # the CPU
    "not enough memory",
    "unable to allocate",  # numpy
    "hip error: outofmemory",
)
_KNOWN = {
    "NoAttentionSites": (
        "This pipeline cannot take feedback",
        "Clear the votes to go on without feedback, or use another pipeline.",
    ),
    "BadReference": (
        "A picture with a vote cannot be used",
        "Take back the vote on it, or add the picture again.",
    ),
    "PipelineBusy": (
        "The pipeline is busy",
        "Wait until the other run has ended or stop it, then press Next round again.",
    ),
    "FileNotFoundError": ("A file is missing", "See the message for which one."),
    "ModuleNotFoundError": ("A package is missing", "Install it and restart the kernel."),
}
_ELSE = "Nothing was lost. Change the settings and press Next round, or copy the traceback."


def described(
    error: BaseException,
    *,
    pictures: int,
    width: int | None,
    height: int | None,
    batched: bool,
    advice: Mapping[str, str] = {},
) -> dict[str, str]:
    """Return title, message, advice and traceback of an error.

    Frames of the traceback let go of their variables, so that a kept error holds no memory.

    Parameters
    ----------
    error
        What was raised.
    pictures, width, height
        What was being made: their number and size in pixels, None if not known.
    batched
        Whether the pictures are made a few at a time already.
    advice
        What to do instead of the main widget's advice, by the names of errors; ``""`` is for all
        that have none.
    """
    text = "".join(traceback.format_exception(error))
    _let_go(error)
    message = str(error).strip() or type(error).__name__
    if is_out_of_memory(error):
        names = ["MemoryError"]
        title, told = "Out of memory", _less(pictures, width, height, batched=batched)
        message = message.splitlines()[0]
    else:
        names = [kind.__name__ for kind in type(error).__mro__]
        fallback = (type(error).__name__, advice.get("", _ELSE))
        title, told = next((_KNOWN[name] for name in names if name in _KNOWN), fallback)
    return {
        "title": title,
        "message": _end_cut(message),
        "advice": next((advice[name] for name in names if name in advice), told),
        "traceback": text[-_LONGEST_TRACEBACK:],
    }


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, on whatever device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in told for sign in _OUT_OF_MEMORY)


def _less(pictures: int, width: int | None, height: int | None, *, batched: bool) -> str:
    ways = []
    if pictures > 1:
        ways.append(f"Pictures (now {pictures})")
    if width and height:
        ways.append(f"Width and Height (now {width} × {height})")
    advice = f"Lower {' or '.join(ways)}." if ways else "Use a smaller pipeline."
    if pictures > 1 and not batched:
        advice += " FabricWidget(pipe, batch_size=1) makes the pictures one at a time."
    return advice + " References need memory too: FabricWidget(pipe, cache_bytes=0) keeps none."


def _let_go(error: BaseException) -> None:
    pending: list[Any] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        pending += [one.__cause__, one.__context__]


def _end_cut(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[: _LONGEST_MESSAGE - 1] + "…"

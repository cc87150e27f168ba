"""Ask one check after the other, within a limit of time; nothing that was found is ever lost.

A check that fails, raises, or runs out of memory ends alone. After an error of CUDA that leaves the
device unusable to this process the run ends, and a new process may go on where it ended.
"""

from __future__ import annotations

import importlib.util
import time
import traceback
import warnings
from typing import TYPE_CHECKING

import torch

from fabric_widget.gpu.check import (
    ERROR,
    FAIL,
    NOT_RUN,
    OUT_OF_MEMORY,
    PASS,
    SKIP,
    Answer,
    Skipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.gpu.check import Check
    from fabric_widget.gpu.place import Place

_LOST = ("CUDA error", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "device-side assert")


def run(
    checks: Sequence[Check],
    place: Place,
    keep: Callable[[Answer], object],
    limit: float,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Ask checks in their order, and return whether the device is usable afterwards.

    Parameters
    ----------
    checks
        The most important ones first.
    place
        Where.
    keep
        Told each answer at once.
    limit
        Seconds: what would take longer than is left is named as not run.
    clock
        Returns seconds.
    """
    end = clock() + limit
    for check in checks:
        left = end - clock()
        if check.seconds > left:
            reason = f"it takes about {check.seconds:.0f} s, and {max(left, 0):.0f} s were left"
            keep(Answer(check, NOT_RUN, reason=reason))
            continue
        answer = asked(check, place)
        keep(answer)
        if not place.dry and answer.status == ERROR and _lost(answer.reason):
            return False
    return True


def asked(check: Check, place: Place) -> Answer:
    """Ask one check; whatever it raises becomes its answer."""
    missing = [name for name in check.needs if importlib.util.find_spec(name) is None]
    if missing:
        return Answer(check, SKIP, reason=f"not installed here: {', '.join(missing)}")
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other libraries about themselves
            found = check.ask(place)
            place.synchronize()  # what failed on the device is of this check
    except Skipped as reason:
        answer = Answer(check, SKIP, time.perf_counter() - start, reason=str(reason))
    except torch.OutOfMemoryError as error:
        answer = _raised(check, OUT_OF_MEMORY, start, error)
    except Exception as error:  # noqa: BLE001  (one check must not hide the others)
        answer = _raised(check, ERROR, start, error)
    else:
        status = PASS if found.passed else FAIL
        answer = Answer(check, status, time.perf_counter() - start, found)
    if not _lost(answer.reason):
        place.free()
    return answer


def _raised(check: Check, status: str, start: float, error: Exception) -> Answer:
    return Answer(
        check,
        status,
        time.perf_counter() - start,
        reason=f"{type(error).__name__}: {error}",
        traceback="".join(traceback.format_exception(error)),
    )


def _lost(reason: str) -> bool:
    """Return whether an error leaves the device unusable to this process."""
    return any(words in reason for words in _LOST)

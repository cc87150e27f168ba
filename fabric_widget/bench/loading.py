"""Measure how long imports take, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE = "import diffusers"
STATEMENTS = (BASE, "import fabric_widget", "from fabric_widget import FabricWidget")
REPEATS = 5
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


@dataclass(frozen=True)
class Loaded:
    """One statement in one fresh process.

    Parameters
    ----------
    statement
        What was run.
    repeat
        In which repetition, from 0.
    seconds
        How long it took; the start of the interpreter is not in it.
    """

    statement: str
    repeat: int
    seconds: float


def measure_loading(repeats: int, show: Callable[[str, float, float], object]) -> Iterator[Loaded]:
    """Run every statement once unmeasured, so that files are in the system's cache, then in turn.

    Parameters
    ----------
    repeats
        How often each is measured.
    show
        Progress callback, called before each process: a description, how many are done, the total.
    """
    count = len(STATEMENTS)
    total = count * (repeats + 1)
    for i in range(total):
        repeat, place = divmod(i, count)
        statement = STATEMENTS[(place + repeat) % count]
        show(f"loading: {statement.split()[1]}", i, total)
        seconds = _seconds(statement)
        if repeat:
            yield Loaded(statement, repeat - 1, seconds)
    show("loading, all", total, total)


def _seconds(statement: str) -> float:
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-c", _TIMED.format(statement)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])

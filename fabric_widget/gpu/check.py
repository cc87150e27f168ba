"""What a check is: a question, a way to answer it, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.gpu.place import Place

PASS, FAIL, ERROR, SKIP = "pass", "fail", "error", "skip"
OUT_OF_MEMORY, NOT_RUN = "out of memory", "not run"
BAD = (FAIL, ERROR, OUT_OF_MEMORY)
"""What makes a run fail."""


class Skipped(Exception):  # noqa: N818  (no error)
    """A check cannot be made here; the message says why."""


@dataclass(frozen=True)
class Found:
    """What a check found.

    Parameters
    ----------
    figure
        For people: a number with its unit, and what it is of.
    passed
        Whether it is as it should be.
    numbers
        For JSON.
    note
        What else is to be said, such as in which form it was asked on a CPU.
    """

    figure: str
    passed: bool = True
    numbers: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Check:
    """One question to a device.

    Parameters
    ----------
    group
        Questions of one kind; `--only` chooses by it.
    name
        Which of them; no other of the group has it.
    asked
        What should be so, for people.
    ask
        Returns what was found, or raises `Skipped`.
    seconds
        How long it takes on a GPU, about: with less left it is not begun.
    needs
        Packages that it imports beside this project's own.
    """

    group: str
    name: str
    asked: str
    ask: Callable[[Place], Found]
    seconds: float = 2.0
    needs: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name among all checks."""
        return f"{self.group}: {self.name}"


@dataclass(frozen=True)
class Answer:
    """A check that was asked, or why it was not.

    Parameters
    ----------
    check
        Which.
    status
        `PASS`, `FAIL`, `ERROR`, `SKIP`, `OUT_OF_MEMORY` or `NOT_RUN`.
    seconds
        How long it took.
    found
        What was found, or None.
    reason
        Why there is nothing, or nothing good.
    traceback
        Of an error.
    """

    check: Check
    status: str
    seconds: float = 0.0
    found: Found | None = None
    reason: str = ""
    traceback: str = ""

    def figures(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        found = self.found or Found("")
        return {
            "group": self.check.group,
            "name": self.check.name,
            "asked": self.check.asked,
            "status": self.status,
            "figure": found.figure,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "note": found.note,
            "numbers": dict(found.numbers),
            "traceback": self.traceback,
        }

"""A journal read back into the history of a session.

What cannot be trusted ends it: a line that was torn, a picture that is missing. Everything before
that is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fabric_widget.session.as_json import typed
from fabric_widget.session.history import History
from fabric_widget.session.journal.deltas import NOTHING, state_after
from fabric_widget.session.journal.entries import read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fabric_widget.session.journal.entries import Line
    from fabric_widget.session.journal.pictures import Pictures
    from fabric_widget.session.state import State

FORMAT = 1
NAME = "journal.jsonl"
_LONGEST = 2**20  # bytes of a first line
_MOVES = {"undo": History.undo, "redo": History.redo}


@dataclass
class Replayed:
    """What a journal tells.

    Parameters
    ----------
    about
        Its first line: which notebook and which pipeline it is of, when it was begun.
    history
        Every state, also those taken back.
    finished
        Whether somebody said that the session has ended, and nothing happened since.
    when
        Seconds since 1970 of the last act.
    end, total
        Where the next line goes, and the checksum so far.
    damage
        Why it was not read to its end; empty if it was, or if only its last line was torn.
    """

    about: Mapping[str, Any]
    history: History[State] = field(default_factory=lambda: History(NOTHING))
    finished: bool = False
    when: float = 0.0
    end: int = 0
    total: int = 0
    damage: str = ""


def replay(folder: Path, pictures: Pictures) -> Replayed:
    """Return what the journal in a folder tells.

    Parameters
    ----------
    folder
        Of a session that saved itself.
    pictures
        Those of the folder; learns what the journal tells of them.

    Raises
    ------
    FileNotFoundError
        There is no journal.
    OSError
        It cannot be read.
    ValueError
        Not even its first line is whole, or it was written by a newer version.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        message = f"there is no session in {folder}: see fabric_widget.sessions()"
        raise FileNotFoundError(message) from None
    lines = read_lines(content)
    found = _begun(path, next(lines, None))
    number = 1
    for number, line in enumerate(lines, 2):
        try:
            _apply(found, line, pictures)
        except Exception as error:  # noqa: BLE001  (hostile entries raise what they like)
            found.damage = f"line {number} of {path} cannot be used ({error})"
            return found
        found.end, found.total = line.end, line.total
    if content.find(b"\n", found.end) >= 0:  # a whole line, so not one that was being written
        found.damage = f"line {number + 1} of {path} is damaged"
    return found


def about_of(folder: Path) -> Mapping[str, Any]:
    """Return what the first line of a journal tells; errors are those of `replay`."""
    path = folder / NAME
    with path.open("rb") as file:
        first = file.readline(_LONGEST)
    return _begun(path, next(read_lines(first), None)).about


def _begun(path: Path, line: Line | None) -> Replayed:
    try:
        about = {} if line is None else line.entry["journal"]
        made, when = about["format"], float(about["begun"])
        newer = made > FORMAT
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} is damaged from its first line on: delete the folder {path.parent}"
        raise ValueError(message) from error
    if newer:
        message = f"{path} was written by a newer version of fabric_widget: update the package"
        raise ValueError(message)
    assert line is not None  # noqa: S101  (for the type checker: it has an entry)
    return Replayed(about, when=when, end=line.end, total=line.total)


def _apply(found: Replayed, line: Line, pictures: Pictures) -> None:
    """Do once more what a line tells, or nothing at all."""
    entry = line.entry
    when = float(entry["time"])
    if "line" in entry:
        states = [NOTHING]
        for delta in entry["line"]:
            states.append(_after(states[-1], delta, pictures))
        at = typed.whole(entry["at"], "the present state", len(states) - 2) + 1
        found.history = History(states[at], states[1:at], states[at + 1 :])
    elif "act" in entry:
        found.history.act(_after(found.history.present, entry["act"], pictures))
    elif "move" in entry:
        if not _MOVES[entry["move"]](found.history):
            message = f"there is nothing to {entry['move']}"
            raise ValueError(message)
    else:
        entry["finished"]
    found.finished = "finished" in entry
    found.when = when


def _after(before: State, delta: Mapping[str, Any], pictures: Pictures) -> State:
    pictures.meet(delta.get("pictures", {}))
    return state_after(before, delta, pictures.read)

"""Settings set by a page or from Python: checked against their ranges and the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.messages import schema
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.settings import (
    NAMES,
    check_strengths,
    checked_control,
    read_control,
    read_votes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from fabric_widget.session import Session
    from fabric_widget.widget.lazy_session import LazySession

OPEN = (*NAMES, "votes", "seen_round")
"""The traits that a page may set."""

_KERNEL_OWNED = ("status", "round", "history", "parts", "tastes", "uploads", "presets", "info")


@dataclass
class Update:
    """The valid part of an update by a page.

    Parameters
    ----------
    kept
        What is taken.
    corrected
        The traits that are to be told back: the page shows something else.
    notices
        What to tell the person.
    """

    kept: dict[str, Any] = field(default_factory=dict)
    corrected: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_update(state: Mapping[str, Any], lazy_session: LazySession) -> Update:
    """Return the valid part of an update."""
    return sifted(
        state,
        OPEN,
        _KERNEL_OWNED,
        lambda name, value: read_value(name, value, lazy_session),
        texts=("prompt", "negative_prompt"),
    )


def sifted(
    state: Mapping[str, Any],
    open_to_all: Collection[str],
    kernel_owned: Collection[str],
    read: Callable[[str, object], tuple[Any, str]],
    *,
    texts: Collection[str],
) -> Update:
    """Return the valid part of an update.

    Parameters
    ----------
    state
        What a page has set.
    open_to_all, kernel_owned
        The traits that it may set, and those that it sees.
    read
        Returns the value that a trait takes when told another, and what to tell the person; raises
        ValueError if there is none.
    texts
        The traits that a person writes; one too long stays on the page to be shortened.
    """
    update = Update()
    for name, value in state.items():
        if name not in open_to_all:
            update.corrected += [name] if name in kernel_owned else []
            continue
        try:
            taken, told = read(name, value)
        except ValueError as error:
            update.notices.append(f"{error}.")
            if name not in texts:
                update.corrected.append(name)
            continue
        update.notices.append(told)
        update.kept[name] = taken
        if taken != value:
            update.corrected.append(name)
    return update


def read_value(name: str, value: object, lazy_session: LazySession) -> tuple[Any, str]:
    """Return the valid value for one of `OPEN`, and a notice if it differs.

    Raises
    ------
    ValueError
        The value is of the wrong kind, or a text is too long.
    """
    if name == "votes":
        return _read_votes(value, lazy_session.session)
    if name == "seen_round":
        return schema.whole(value), ""
    return read_control(name, value, lazy_session.pipeline_info.size_step)


def checked_value(name: str, value: object, lazy_session: LazySession) -> tuple[Any, str]:
    """Return the valid value for one of `OPEN` that Python set, and a notice if it differs.

    Raises
    ------
    ValueError
        The value is out of range or of the wrong kind, or a text is too long.
    """
    if name == "votes":
        check_strengths(value)
    if name in NAMES:
        return checked_control(name, value, lazy_session.pipeline_info.size_step)
    return read_value(name, value, lazy_session)


def _read_votes(value: object, session: Session | None) -> tuple[dict[str, float], str]:
    """Return the votes on what the session knows, and a notice about others."""
    votes, told = read_votes(value)
    known = {} if session is None else serialize.keys_of(session, votes)
    strangers = [name for name in votes if name not in known]
    if strangers:
        told = f"{told} No picture here is called {', '.join(strangers)[:80]}.".strip()
    return {name: strength for name, strength in votes.items() if name in known}, told

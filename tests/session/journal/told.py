"""What a history holds as plain data, to compare one that was read with one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.session.journal.deltas import NOTHING, delta_of
from fabric_widget.session.journal.pictures import Pictures
from fabric_widget.session.journal.replay import replay

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.session.history import History
    from fabric_widget.session.state import State


def states(history: History[State]) -> tuple[list[dict[str, Any]], int]:
    """Return every state of a history, each told from nothing, and where it stands."""
    line, at = history.line
    return [delta_of(NOTHING, state) for state in line], at


def pixels(state: State) -> dict[str, Any]:
    """Return what the pictures of a state look like, and their latents and trajectories."""
    return {name: _seen(picture) for name, picture in state.pictures.items()}


def _seen(picture: Any) -> Any:
    if not hasattr(picture, "latents"):
        return picture.tobytes(), picture.size
    made = picture.seed, picture.prompt, dict(picture.settings), picture.image.tobytes()
    passed = picture.trajectory
    return *made, picture.latents.tolist(), passed and passed.latents.tolist()


def read(folder: Path) -> History[State]:
    """Read the journal in a folder to its end."""
    found = replay(folder, Pictures(folder))
    assert not found.damage
    return found.history

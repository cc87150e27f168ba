"""What a history holds as plain data, to compare one that was read with one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.session.as_json.records import votes_as_json
from fabric_widget.session.files.turns import turn_as_json
from fabric_widget.session.journal.pictures import Pictures
from fabric_widget.session.journal.replay import replay

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.session.history import History
    from fabric_widget.session.state import State


def states(history: History[State]) -> tuple[list[dict[str, Any]], int]:
    """Return every state of a history, as what it holds, and where it stands."""
    line, at = history.line
    return [_held(state) for state in line], at


def _held(state: State) -> dict[str, Any]:
    return {
        "next_seed": state.next_seed,
        "current": state.current,
        "prompt": state.prompt,
        "starred": state.starred,
        "votes": votes_as_json(state.votes),
        "turns": [turn_as_json(turn) for turn in state.turns],
    }


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

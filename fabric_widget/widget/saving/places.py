"""Where sessions are kept, by what `FabricWidget` and the environment say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fabric_widget.autosave import Autosave
from fabric_widget.widget.saving.notebook import in_colab, notebook_folder

ENVIRONMENT = "FABRIC_WIDGET_AUTOSAVE"
BESIDE = "fabric_widget_sessions"
DRIVE = Path("/content/drive/MyDrive")
_ON = {"", "1", "on", "true", "yes"}
_OFF = {"0", "off", "false", "no"}
_MOUNT = "from google.colab import drive; drive.mount('/content/drive')"


def autosave_of(given: Any) -> Autosave | None:  # noqa: ANN401  (whatever was given)
    """Return where sessions are kept and how many, or None for nowhere.

    Parameters
    ----------
    given
        True for the user's folder, False for nowhere, "here" for a folder beside the notebook,
        "drive" for Google Drive in Colab, the path of a folder, or an `Autosave`. None: what
        ``FABRIC_WIDGET_AUTOSAVE`` says in the same words, or else True.

    Raises
    ------
    TypeError
        It is none of these.
    ValueError
        Google Drive is asked for and is not mounted.
    """
    if given is None:
        given = _word(os.environ.get(ENVIRONMENT, ""))
    if isinstance(given, Autosave):
        return given
    if isinstance(given, bool):
        return Autosave() if given else None
    if given == "here":
        return Autosave(notebook_folder() / BESIDE)
    if given == "drive":
        if not DRIVE.is_dir():
            message = f"Google Drive is not mounted at {DRIVE}: run {_MOUNT}"
            raise ValueError(message)
        return Autosave(DRIVE / BESIDE)
    if isinstance(given, (str, os.PathLike)):
        return Autosave(given)
    message = (
        f"autosave is {given!r}: give True, False, 'here', 'drive', a folder, or an Autosave(...)"
    )
    raise TypeError(message)


def hint_for_colab(settings: Autosave) -> str:
    """Return how sessions outlive a Colab runtime, if they do not; else an empty text."""
    if not in_colab() or settings.root.is_relative_to("/content/drive"):
        return ""
    how = "FabricWidget(pipe, autosave='drive') keeps them in your Google Drive"
    if not DRIVE.is_dir():
        how = f"{_MOUNT}, and then {how}"
    return f"This session is saved in the Colab runtime and goes with it: {how}."


def _word(word: str) -> bool | str:
    lower = word.strip().lower()
    return lower not in _OFF if lower in _ON | _OFF else word

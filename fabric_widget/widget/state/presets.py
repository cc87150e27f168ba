"""Presets: named feedback settings, built in or saved by a person.

A file that cannot be read is put aside and never written over.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from fabric_widget.widget.state.settings import SHAPE, read_control

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_NAME = 60
_COMMON: dict[str, Any] = {
    "strength": 0.8,
    "start": 0.0,
    "end": 0.8,
    "dislike_scale": 0.5,
    "normalize": True,
}
_BUILT_IN: dict[str, tuple[str, dict[str, Any]]] = {
    "Balanced": ("Clear influence, and the last steps free for details.", {}),
    "Gentle": ("A hint: pictures stay closer to the prompt.", {"strength": 0.4}),
    "Strong": ("Closer to what you liked, less variety.", {"strength": 1.5, "end": 1.0}),
    "As published": (
        "The paper's arithmetic: every step, every reference in full. Best with few votes.",
        {"end": 1.0, "normalize": False},
    ),
    "Reference only": (
        "Every step at full weight: for one liked picture whose look is to be kept.",
        {"strength": 1.0, "end": 1.0},
    ),
    "Likes only": ("Dislikes are remembered but do not count.", {"dislike_scale": 0.0}),
}


class Presets:
    """The built-in presets, and those in a file.

    Parameters
    ----------
    file
        Where a person's own are kept; by default in the user's configuration folder.

    Attributes
    ----------
    problem
        What was wrong with the file, for the person to read; empty if nothing.
    """

    def __init__(self, file: str | os.PathLike[str] | None = None) -> None:
        folder = platformdirs.user_config_path("fabric_widget")
        self.file = Path(file) if file is not None else folder / "presets.json"
        self.problem = ""
        self._own = self._read()

    def listed(self) -> list[dict[str, Any]]:
        """Return all presets for the trait, the built-in ones first."""
        built_in = [
            {"name": name, "builtin": True, "note": note, "values": _COMMON | own}
            for name, (note, own) in _BUILT_IN.items()
        ]
        saved = [
            {"name": name, "builtin": False, "note": "Saved by you.", "values": dict(values)}
            for name, values in self._own.items()
        ]
        return built_in + saved

    def values(self, name: str) -> dict[str, Any]:
        """Return the controls of a preset.

        Raises
        ------
        ValueError
            There is no such preset.
        """
        known = {preset["name"]: preset["values"] for preset in self.listed()}
        if name not in known:
            message = f"there is no preset {name!r}: the presets are {', '.join(known)}"
            raise ValueError(message)
        return dict(known[name])

    def save(self, name: str, values: Mapping[str, Any]) -> str:
        """Save a preset, which replaces one of the same name; return its name.

        Raises
        ------
        ValueError
            The name or the values cannot be taken.
        OSError
            The file cannot be written; the presets are as they were.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            message = f"a preset's name has 1 to {_LONGEST_NAME} letters: give another one"
            raise ValueError(message)
        if name in _BUILT_IN:
            message = f"{name} is a built-in preset: give another name"
            raise ValueError(message)
        own = {**self._read(), name: _checked(values)}
        self._write(own)
        return name

    def delete(self, name: str) -> None:
        """Delete a saved preset.

        Raises
        ------
        ValueError
            It is built in, or unknown.
        OSError
            The file cannot be written; the presets are as they were.
        """
        if name in _BUILT_IN:
            message = f"{name} is a built-in preset: it stays"
            raise ValueError(message)
        own = self._read()  # another notebook may have saved one meanwhile
        if name not in own:
            message = f"there is no preset {name!r} to delete"
            raise ValueError(message)
        del own[name]
        self._write(own)

    def _read(self) -> dict[str, dict[str, Any]]:
        """Return the presets in the file; move a file that cannot be read aside."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            return self._put_aside({}, str(error))
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as error:
            return self._put_aside({}, str(error))
        if not isinstance(entries, dict):
            return self._put_aside({}, "it holds no presets")
        good = {}
        for name, values in entries.items():
            try:
                good[name] = _checked(values)
            except ValueError as error:
                reason = f"{name}: {error}"
        return good if len(good) == len(entries) else self._put_aside(good, reason)

    def _put_aside(self, good: dict[str, dict[str, Any]], reason: str) -> dict[str, dict[str, Any]]:
        aside = self.file.with_suffix(".broken.json")
        number = 1
        while aside.exists():
            number += 1
            aside = self.file.with_suffix(f".broken-{number}.json")
        try:
            self.file.rename(aside)
            kept = f"It was kept as {aside}."
            if good:
                self._write(good)
        except OSError as error:
            kept = f"It could not be put aside ({error})."
        self.problem = f"Your presets in {self.file} could not all be read ({reason}). {kept}"
        return good

    def _write(self, own: dict[str, dict[str, Any]]) -> None:
        """Replace the file atomically."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, written = tempfile.mkstemp(dir=self.file.parent, prefix=self.file.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(own, stream, indent=2, ensure_ascii=False)
            Path(written).replace(self.file)
        except BaseException:
            Path(written).unlink(missing_ok=True)
            raise
        self._own = own


def _checked(values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        message = "a preset holds settings"
        raise ValueError(message)  # noqa: TRY004  (one kind of error for whatever came)
    lacking = [name for name in SHAPE if name not in values]
    if lacking:
        message = f"a preset also needs {', '.join(lacking)}"
        raise ValueError(message)
    return {name: read_control(name, values[name])[0] for name in SHAPE}

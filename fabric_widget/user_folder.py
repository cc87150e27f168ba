"""The user's folder: what was measured once and is kept for later. Knows nothing of what it keeps.

A document is one JSON file, written as a whole or not at all. It stands in the folder named by
``FABRIC_WIDGET_HOME``, or else where the system keeps a user's data.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

HOME = "FABRIC_WIDGET_HOME"


class Unreadable(Exception):  # noqa: N818  (it says what is the matter)
    """A document is there and cannot be read."""


def home() -> Path:
    """Return the user's folder, whether it is there or not."""
    return Path(os.environ.get(HOME) or platformdirs.user_data_path("fabric_widget"))


def place_of(kind: str, name: str) -> Path:
    """Return where a document is kept, whether it is there or not.

    Parameters
    ----------
    kind
        A name for all documents of its kind.
    name
        A name that no other one of them has, such as a digest.
    """
    return home() / kind / f"{name}.json"


def read(kind: str, name: str) -> Any:  # noqa: ANN401  (JSON)
    """Return a document, or None if there is none.

    Raises
    ------
    Unreadable
        It is damaged, or may not be read.
    """
    try:
        return json.loads(place_of(kind, name).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def write(kind: str, name: str, content: object) -> Path:
    """Keep a document in the place of an earlier one; return where.

    Raises
    ------
    OSError
        It cannot be written; an earlier one is as it was.
    """
    place = place_of(kind, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=place.parent, prefix=f".{name}-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
        Path(fresh).replace(place)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
    return place

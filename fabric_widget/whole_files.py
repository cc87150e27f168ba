"""Files that are written as a whole, or not at all."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the path of a new file beside `path`, which takes its place when the context ends well.

    After an error it is removed, and what stood at `path` before still does. Its name does not grow
    with that of `path`, which may be as long as names can be.
    """
    partial = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

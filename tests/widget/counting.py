"""Names of a round's pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.widget.fakes import Front


def names(front: Front) -> list[str]:
    """Return the names of the pictures on the screen."""
    return [image["id"] for image in front.state["round"]["images"]]

"""Rounds asked for by messages."""

from __future__ import annotations

from typing import Any

from tests.widget.fakes import Front, controls


def a_round(front: Front, **others: Any) -> list[str]:
    """Make a round; return the names of its pictures."""
    front.call("generate", controls=controls(**others), votes=front.state["votes"])
    front.wait_phase("ready")
    return [image["id"] for image in front.state["round"]["images"]]

"""Defaults and limits of stories. Light, so that a command line can check them at once."""

from __future__ import annotations

AT_A_GLANCE = ("color", "shape", "background", "pattern")
"""Attributes of the demo's pictures that one sees before one looks closer."""
ROUNDS = range(1, 21)
"""How many rounds a story may have."""
IMAGES = range(2, 17)
"""How many pictures a round may have: of fewer than two, none is the best."""

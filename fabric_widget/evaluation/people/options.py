"""Defaults and limits of stories. Imports nothing heavy: the command line checks them at once."""

from __future__ import annotations

AT_A_GLANCE = ("color", "shape", "background", "pattern")
"""Attributes of the demo's pictures that are seen first."""
ROUNDS = range(1, 21)
"""How many rounds a story may have."""
IMAGES = range(2, 17)
"""How many pictures a round may have: votes need at least two."""

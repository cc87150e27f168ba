"""The icon of a vote: a thumb up as convex outlines, mirrored for a thumb down."""

from __future__ import annotations

GREEN = "#168a4a"
RED = "#d3372f"

SIDE = 100
"""Side of the square that the outlines below live in; y points down."""

CUFF = ((20.0, 47.0), (32.0, 47.0), (32.0, 80.0), (20.0, 80.0))
HAND = (
    (37.0, 48.0),
    (47.0, 33.0),
    (49.0, 20.0),
    (53.0, 16.5),
    (59.0, 18.0),
    (62.0, 24.0),
    (62.0, 32.0),
    (59.0, 43.0),
    (77.0, 43.0),
    (82.0, 46.0),
    (83.0, 51.0),
    (76.0, 76.0),
    (72.0, 80.0),
    (46.0, 80.0),
    (37.0, 76.0),
)

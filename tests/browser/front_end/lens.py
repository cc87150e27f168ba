"""What the kernel would send about a picture's influence, made without a model."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.browser.front_end.pictures import ids, ready, status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.browser.front_end.pictures import Json

STEPS = 20
PARTS = [[1, 4], [5, 8], [9, 12], [13, 16]]
SIZES = (16, 8, 4)
LIKES, DISLIKES = ids(0)[:2], ids(0)[2:3]
BUMPS = {  # by reference: where it is borrowed most, how much there, and how widely
    LIKES[0]: (0.3, 0.35, 0.55, 0.05),
    LIKES[1]: (0.75, 0.7, 0.3, 0.04),
    DISLIKES[0]: (0.5, 0.2, 0.2, 0.08),
}
VOTES = {LIKES[0]: 1, LIKES[1]: 0.5, DISLIKES[0]: -1}
PICTURE = ids(4)[1]
"""The second picture of the round that is shown."""


@dataclass(frozen=True)
class Lens:
    """The answer to `look`."""

    told: Json
    buffers: list[bytes]

    def wire(self) -> Json:
        return {
            "told": self.told,
            "buffers": [base64.b64encode(data).decode() for data in self.buffers],
        }


def shares(size: int, part: int | None) -> NDArray[np.float64]:
    """Return the share of each reference at each place: (references, size, size)."""
    at = (np.arange(size) + 0.5) / size
    maps = [
        peak * np.exp(-((at[:, None] - row) ** 2 + (at[None, :] - column) ** 2) / width)
        for row, column, peak, width in BUMPS.values()
    ]
    fading = [1 - 0.2 * index for index in range(len(PARTS))]
    return np.stack(maps) * (np.mean(fading) if part is None else fading[part])


def lens() -> Lens:
    """Return what was seen of `PICTURE`."""
    buffers = []
    for size in (SIZES[0], *SIZES):
        for part in (None, *range(len(PARTS))):
            of_each = shares(size, part)
            own = [1 - of_each[:2].sum(axis=0), 1 - of_each[2]]
            whole = np.rint(np.stack([*own, *of_each]) * 65_535).astype("<u2")
            buffers.append(whole.tobytes())
    names = [*LIKES, *DISLIKES]
    means = shares(SIZES[0], None).mean(axis=(1, 2))
    told: dict[str, Any] = {
        "steps": STEPS,
        "references": [
            {"id": name, "strength": VOTES[name], "contribution": float(mean)}
            for name, mean in zip(names, means, strict=True)
        ],
        "parts": PARTS,
        "levels": [{"rows": size, "columns": size, "places": [size, size]} for size in SIZES],
        "sides": ["liked", "disliked"],
    }
    return Lens(told, buffers)


def shaped(**more: Any) -> Json:
    """Say every trait after a round that votes shaped."""
    contributions = {LIKES[0]: 0.123, LIKES[1]: 0.051, DISLIKES[0]: 0.002}
    traits = ready(2, votes=VOTES)
    traits["round"] |= {"votes": VOTES, "contributions": contributions}
    traits["history"][1] |= {"liked": 2, "disliked": 1, "contributions": contributions}
    return {**traits, **more}


def lens_jobs(step: int = 5) -> Json:
    """Say the status while the kernel looks at `PICTURE`."""
    return status(
        "running",
        40 + step,
        message="Looking at picture 2 of round 2.",
        job=3,
        step=step,
        steps=STEPS,
        eta=3.4,
        look=PICTURE,
    )

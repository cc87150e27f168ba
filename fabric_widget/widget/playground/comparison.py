"""Comparison: the same prompt and seed without and with a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabric_widget.engine import GeneratedImage, Influence
    from fabric_widget.session.votes import Picture


@dataclass(frozen=True, eq=False)
class Comparison:
    """The same prompt and seed without and with a reference.

    Parameters
    ----------
    plain
        Without.
    steered
        With; at weight 0 the same as `plain` to the bit.
    reference
        A generated image, or the picture that was given.
    influence
        Where `steered` looked; None where nothing was lent.
    """

    plain: GeneratedImage
    steered: GeneratedImage
    reference: Picture
    influence: Influence | None

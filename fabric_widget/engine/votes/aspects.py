"""Aspects: what of a picture counts, as a weight over attention layers and denoising steps.

Which layers and steps carry colors and which carry form differs between models. So an aspect has a
meaning only on a pipeline: as measured on it, or else by its attention levels. Where there are
several levels, the fine ones carry colors and the coarse ones form (measured on the demo model);
where there is one, form is decided at early steps and colors at later ones.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.errors import BadReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALL = "all"
COLORS = "colors"
FORM = "form"
ASPECTS = (ALL, COLORS, FORM)
_ALSO = {"everything": ALL, "colours": COLORS, "color": COLORS, "colour": COLORS}
_EARLY = 0.4  # share of the steps that decide form, where levels do not tell


@dataclass(frozen=True)
class AspectWeights:
    """Weights of one aspect on one pipeline.

    Parameters
    ----------
    layers
        For each attention site, 0 … 1.
    start, end
        The steps that count, as fractions of all, 0 … 1; the end does not belong to them.
    """

    layers: tuple[float, ...]
    start: float = 0.0
    end: float = 1.0

    def at(self, index: int, count: int) -> tuple[float, ...]:
        """Return the weight of each site at step `index` (from 0) of `count`."""
        inside = self.start <= (index + 0.5) / count < self.end
        return self.layers if inside else (0.0,) * len(self.layers)


def read_aspect(name: object) -> str:
    """Return the name of an aspect, or raise a `BadReference`."""
    if isinstance(name, str):
        known = _ALSO.get(name.lower(), name.lower())
        if known in ASPECTS:
            return known
    alike = difflib.get_close_matches(str(name), [*ASPECTS, *_ALSO], n=1)
    hint = f"; did you mean {alike[0]!r}?" if alike else ""
    message = f"the aspect is {name!r}: give one of {', '.join(map(repr, ASPECTS))}{hint}"
    raise BadReference(message)


def default_weights(coarseness: Sequence[float]) -> Mapping[str, AspectWeights]:
    """Return the weights of all aspects, from the coarseness of each site, 0 (finest) … 1."""
    everywhere = (1.0,) * len(coarseness)
    if len(set(coarseness)) > 1:
        colors = AspectWeights(tuple(1 - level for level in coarseness))
        form = AspectWeights(tuple(coarseness))
    else:
        colors = AspectWeights(everywhere, start=_EARLY)
        form = AspectWeights(everywhere, end=_EARLY)
    return {ALL: AspectWeights(everywhere), COLORS: colors, FORM: form}

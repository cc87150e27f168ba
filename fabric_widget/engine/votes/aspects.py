"""Aspects: what of a picture counts, as a weight over attention layers and denoising steps.

Which layers and steps carry colors and which carry form differs between models. So an aspect has a
meaning only on a pipeline: as measured on it, or else by its attention levels. Where there are
several levels, the fine ones carry colors and the coarse ones form (measured on the demo model);
where there is one, form is decided at early steps and colors at later ones. Measuring is left to
``evaluation/aspects``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from fabric_widget.engine.errors import BadReference, FabricError

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
        The steps that count, as fractions of all, 0 … 1, ``start < end``; the end does not belong
        to them.

    Raises
    ------
    ValueError
        A weight is out of range, or no step counts.
    """

    layers: tuple[float, ...]
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        """Check the weights and the window."""
        strange = [x for x in self.layers if not _is_share(x)]
        if strange or not self.layers:
            given = f"a weight is {strange[0]!r}" if strange else "there is no weight"
            message = f"{given}: give one from 0 to 1 for each attention site"
            raise ValueError(message)
        if not (_is_share(self.start) and _is_share(self.end) and self.start < self.end):
            message = (
                f"the steps from {self.start!r} to {self.end!r} are none: give 0 <= start < end <= "
                "1"
            )
            raise ValueError(message)

    def at(self, index: int, count: int) -> tuple[float, ...]:
        """Return the weight of each site at step `index` (from 0) of `count`."""
        inside = self.start <= (index + 0.5) / count < self.end
        return self.layers if inside else (0.0,) * len(self.layers)


@dataclass(frozen=True)
class AspectTable:
    """What "colors" and "form" mean on one pipeline.

    Parameters
    ----------
    colors, form
        Weights, such as were measured on it; None for the default, by its attention levels.

    Raises
    ------
    TypeError
        Something else is given.
    """

    colors: AspectWeights | None = None
    form: AspectWeights | None = None

    def __post_init__(self) -> None:
        """Check the kinds."""
        for name, weights in (("colors", self.colors), ("form", self.form)):
            if weights is not None and not isinstance(weights, AspectWeights):
                message = f"{name} is a {type(weights).__name__}: give AspectWeights, or None"
                raise TypeError(message)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """Return the table that `dataclasses.asdict` wrote; what is missing is the default.

        Raises
        ------
        TypeError, ValueError
            It is none.
        """
        return cls(
            **{
                name: weights and AspectWeights(**{**weights, "layers": tuple(weights["layers"])})
                for name, weights in content.items()
            }
        )

    def weights(self, coarseness: Sequence[float]) -> Mapping[str, AspectWeights]:
        """Return the weights of all aspects on a pipeline.

        Parameters
        ----------
        coarseness
            Of each attention site, 0 (finest) … 1.

        Raises
        ------
        FabricError
            The table is that of another pipeline.
        """
        found = dict(default_weights(coarseness))
        for name, own in ((COLORS, self.colors), (FORM, self.form)):
            if own is None:
                continue
            if len(own.layers) != len(coarseness):
                message = (
                    f"the {name} were measured on {len(own.layers)} attention sites, and this "
                    f"pipeline has {len(coarseness)}: measure them on this one "
                    "(python -m fabric_widget aspects)"
                )
                raise FabricError(message)
            found[name] = own
        return found


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


def _is_share(x: object) -> bool:
    return not isinstance(x, bool) and isinstance(x, Real) and 0 <= float(x) <= 1

"""From distances to shares of the way from nothing borrowed to everything, with intervals.

A share is a ratio of sums over references, so that a reference which is near from the start counts
little. Intervals are 95 % percentile bootstraps (Efron 1979) that resample references.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

NOTHING, EVERYTHING = "nothing", "everything"
"""The two ends of the way, beside the names of cells."""
_RESAMPLES = 4000
_BOUNDS = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Estimate:
    """An estimate and its 95 % interval; all are NaN where everything borrowed moves nothing."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 if the interval is above 0, -1 if it is below, else 0."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of the way in color and in form, resampled.

    Parameters
    ----------
    references
        Over how many.
    names
        Of what was borrowed.
    samples
        (names, 1 + resamples, 2): shares in color and in form; the first sample is the estimate.
    """

    references: int
    names: tuple[str, ...]
    samples: Array

    @classmethod
    def of(cls, distances: Mapping[str, Array]) -> Shares:
        """Return the shares of distances to references.

        The order of references does not matter.

        Parameters
        ----------
        distances
            By name of what was borrowed, `NOTHING` and `EVERYTHING` among them: (references, 2), in
            color and in form.
        """
        stacked = np.stack([distances[name] for name in distances])
        columns = stacked.transpose(1, 0, 2).reshape(stacked.shape[1], -1)
        stacked = stacked[:, np.lexsort(columns.T)]
        count = stacked.shape[1]
        picks = np.random.default_rng(0).integers(count, size=(_RESAMPLES, count))
        picks = np.concatenate([np.arange(count)[None], picks])
        sums = stacked[:, picks].sum(axis=2)
        names = tuple(distances)
        nothing, everything = (sums[names.index(name)] for name in (NOTHING, EVERYTHING))
        way = nothing - everything
        with np.errstate(divide="ignore", invalid="ignore"):
            samples = np.where(way == 0, np.nan, (nothing - sums) / way)
        return cls(count, names, samples)

    def color(self, name: str) -> Estimate:
        """Return the share of the way in color."""
        return _estimate(self._of(name)[:, 0])

    def form(self, name: str) -> Estimate:
        """Return the share of the way in form."""
        return _estimate(self._of(name)[:, 1])

    def contrast(self, names: Mapping[str, float]) -> Estimate:
        """Return the share in color less that in form, averaged over names with weights."""
        total = sum(names.values())
        samples = sum(
            weight / total * (self._of(name)[:, 0] - self._of(name)[:, 1])
            for name, weight in names.items()
        )
        return _estimate(np.asarray(samples))

    def _of(self, name: str) -> Array:
        found: Array = self.samples[self.names.index(name)]
        return found


def _estimate(samples: Array) -> Estimate:
    low, high = np.percentile(samples[1:], _BOUNDS)
    return Estimate(float(samples[0]), float(low), float(high))

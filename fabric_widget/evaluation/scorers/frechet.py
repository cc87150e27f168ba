"""The Fréchet distance between two sets of pictures, over the vectors of any scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.evaluation.scorers.protocol import Activations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL import Image

    from fabric_widget.evaluation.scorers.protocol import Features

_FEWEST = 2  # rows: a covariance needs two


def frechet(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Return the Fréchet distance between Gaussians fitted to two sets of vectors.

    ``|μ_a − μ_b|² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½)`` with sample covariances (n − 1), as FID is
    defined (arXiv 1706.08500). It is a squared length, and biased: fewer rows give a larger
    distance, so only distances over equally many rows can be compared.

    Parameters
    ----------
    a, b
        (n, d) and (m, d), each of two rows or more.

    Raises
    ------
    ValueError
        The shapes do not match, or a value is not finite.
    """
    mean_a, spread_a = _gaussian(a)
    mean_b, spread_b = _gaussian(b)
    if len(mean_a) != len(mean_b):
        message = f"vectors of {len(mean_a)} and of {len(mean_b)} numbers do not compare"
        raise ValueError(message)
    # With Σ = R'R, the trace of (Σ_a Σ_b)^½ is the sum of the singular values of R_a R_b'. No
    # square root of a matrix is taken, so covariances without full rank lose no digits.
    shared = np.linalg.svd(spread_a @ spread_b.T, compute_uv=False).sum()
    squared = np.square(mean_a - mean_b).sum()
    distance = squared + np.square(spread_a).sum() + np.square(spread_b).sum() - 2 * shared
    return max(float(distance), 0.0)


def frechet_features(scorer: Features, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
    """Return the vectors (n, d) over which a scorer's Fréchet distance is measured.

    Its activations if it has them, as for FID; otherwise its features.
    """
    if isinstance(scorer, Activations):
        return scorer.activations(pictures)
    return scorer.features(pictures)


def _gaussian(
    rows: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the mean (d,) and an R (≤ d, d) such that R'R is the covariance."""
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < _FEWEST or rows.shape[1] == 0:  # noqa: PLR2004 - a matrix
        message = f"features have shape {rows.shape}: give (n, d) with two rows or more"
        raise ValueError(message)
    if not np.isfinite(rows).all():
        message = "features have numbers that are not finite"
        raise ValueError(message)
    mean = rows.mean(axis=0)
    deviations = (rows - mean) / np.sqrt(len(rows) - 1)
    return mean, np.asarray(np.linalg.qr(deviations, mode="r"), dtype=np.float64)

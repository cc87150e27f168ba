"""The Fréchet distance: a distance, and the closed form where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.evaluation.scorers import frechet, frechet_features, load_scorer
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.float64]

SEEDS = st.integers(0, 10_000)
COUNTS = st.integers(2, 40)  # fewer rows than numbers, and more
WIDTHS = st.integers(1, 12)


def rows(seed: int, count: int, width: int) -> Rows:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(
        size=width
    )


def rotation(seed: int, width: int) -> Rows:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]


def with_moments(mean: Rows, covariance: Rows, count: int = 64) -> Rows:
    """Return rows whose sample mean and covariance are these exactly."""
    raw = np.random.default_rng(5).normal(size=(count, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(raw, rowvar=False))).T)
    made: Rows = white @ np.linalg.cholesky(covariance).T + mean
    return made


@given(SEEDS, COUNTS, WIDTHS)
def test_a_set_is_at_no_distance_from_itself_in_any_order(s: int, n: int, d: int) -> None:
    a = rows(s, n, d)
    shuffled = np.random.default_rng(s).permutation(a)
    assert frechet(a, shuffled) == pytest.approx(0, abs=1e-10 * (1 + np.square(a).sum()))


@given(SEEDS, COUNTS, COUNTS, WIDTHS)
def test_it_is_symmetric_and_never_negative(s: int, n: int, m: int, d: int) -> None:
    a, b = rows(s, n, d), rows(s + 1, m, d)
    assert frechet(a, b) >= 0
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9, abs=1e-9)


@given(SEEDS, COUNTS, COUNTS, WIDTHS)
def test_rotating_and_moving_both_changes_nothing(s: int, n: int, m: int, d: int) -> None:
    a, b, turn = rows(s, n, d), rows(s + 1, m, d), rotation(s, d)
    moved = frechet(a @ turn + 3, b @ turn + 3)
    assert moved == pytest.approx(frechet(a, b), rel=1e-8, abs=1e-8)


@given(SEEDS, COUNTS, WIDTHS, st.floats(-5, 5))
def test_moving_one_adds_the_square_of_the_way(s: int, n: int, d: int, far: float) -> None:
    a = rows(s, n, d)
    assert frechet(a, a + far) == pytest.approx(d * far**2, rel=1e-6, abs=1e-8 * (1 + (a**2).sum()))


@given(SEEDS, COUNTS, WIDTHS, st.floats(0, 4))
def test_scaling_deviations_scales_the_spread(s: int, n: int, d: int, scale: float) -> None:
    a = rows(s, n, d)
    spread = np.var(a, axis=0, ddof=1).sum()
    b = a.mean(axis=0) + scale * (a - a.mean(axis=0))
    assert frechet(a, b) == pytest.approx((1 - scale) ** 2 * spread, rel=1e-6, abs=1e-9 * spread)


@given(SEEDS, WIDTHS)
def test_closed_form_where_covariances_commute(s: int, d: int) -> None:
    rng = np.random.default_rng(s)
    turn, means = rotation(s, d), rng.normal(size=(2, d))
    first, second = rng.uniform(0.1, 3, size=(2, d))
    a = with_moments(means[0], turn @ np.diag(first) @ turn.T)
    b = with_moments(means[1], turn @ np.diag(second) @ turn.T)
    expected = np.square(means[0] - means[1]).sum()
    expected += np.square(np.sqrt(first) - np.sqrt(second)).sum()
    assert frechet(a, b) == pytest.approx(expected, rel=1e-8)


@given(SEEDS, WIDTHS)
def test_closed_form_where_they_do_not(s: int, d: int) -> None:
    # The square root of a product has the square roots of its eigenvalues.
    a, b = rows(s, 40, d), rows(s + 1, 40, d)
    one, other = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    shared = np.sqrt(np.linalg.eigvals(one @ other).astype(complex)).real.sum()
    mismatch = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    expected = mismatch + np.trace(one) + np.trace(other) - 2 * shared
    assert frechet(a, b) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_one_dimension_by_hand() -> None:
    # Means 1 and 4, sample standard deviations 1 and 2.
    assert frechet(np.array([[0], [1], [2.0]]), np.array([[2], [4], [6.0]])) == pytest.approx(9 + 1)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((1, 3)), np.zeros((4, 3)), "two rows"),
        (np.zeros(3), np.zeros((4, 3)), "two rows"),
        (np.zeros((4, 3)), np.zeros((4, 2)), "3 and of 2"),
        (np.full((4, 3), np.nan), np.zeros((4, 3)), "finite"),
    ],
)
def test_what_has_no_distance_is_refused(a: Rows, b: Rows, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frechet(a, b)


def test_features_are_taken_where_there_are_no_activations() -> None:
    colour = load_scorer("colour")
    assert not hasattr(colour, "activations")
    assert (frechet_features(colour, pictures()) == colour.features(pictures())).all()  # type: ignore[arg-type,union-attr]


def test_activations_are_taken_where_there_are_some() -> None:
    class Both:
        name = "both"

        def features(self, images: object) -> Rows:
            raise AssertionError(images)

        def activations(self, images: object) -> Rows:
            del images
            return np.full((2, 1), 7.0)

    assert (frechet_features(Both(), pictures(2)) == 7).all()

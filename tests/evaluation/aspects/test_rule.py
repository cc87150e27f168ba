"""From distances to shares, and from shares to weights: laws, then cases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabric_widget.engine.votes.aspects import AspectTable, AspectWeights, default_weights
from fabric_widget.evaluation.aspects.cells import grid_of
from fabric_widget.evaluation.aspects.rule import better_of, cell_name, drawn_name, table_of
from fabric_widget.evaluation.aspects.shares import EVERYTHING, NOTHING, Shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Pair = tuple[float, float]  # in color and in form

LEVELS = (256, 64, 64, 256)  # tokens of the sites of a U-Net
FLAT = (64,) * 6  # of a transformer
FAR = (20.0, 0.6)  # distances with nothing borrowed
NEAR = (2.0, 0.4)  # with everything


def distances(
    shares: Mapping[str, Pair], references: int = 12, spread: float = 0.02, seed: int = 0
) -> dict[str, npt.NDArray[np.float64]]:
    """Return distances of which these are about the shares."""
    rng = np.random.default_rng(seed)
    ends = {NOTHING: (0.0, 0.0), EVERYTHING: (1.0, 1.0)}
    return {
        name: np.array(FAR)
        - (np.array(FAR) - NEAR) * (np.array(share) + spread * rng.normal(size=(references, 2)))
        for name, share in {**ends, **shares}.items()
    }


def measured(
    tokens: Sequence[int], rows: Sequence[Sequence[Pair]], references: int = 12
) -> AspectTable:
    """Return the table of cells with these shares: rows of groups, columns of parts."""
    grid = grid_of(tokens, 10)
    cells = {
        cell_name(group, part): rows[i][j]
        for i, group in enumerate(grid.groups)
        for j, part in enumerate(grid.parts)
    }
    return table_of(grid, Shares.of(distances(cells, references)))


def weights(layers: Sequence[float], start: float = 0, end: float = 1) -> AspectWeights:
    return AspectWeights(tuple(map(float, layers)), start, end)


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(0, 99))
def test_nothing_is_no_share_and_everything_is_all(references: int, seed: int) -> None:
    found = distances({"a cell": (0.3, 0.2)}, references, 0.5, seed)
    found |= {"like nothing": found[NOTHING], "like everything": found[EVERYTHING]}
    shares = Shares.of(found)
    for measure in (shares.color, shares.form):
        for name, value in (("like nothing", 0), ("like everything", 1)):
            estimate = measure(name)
            assert (estimate.value, estimate.low, estimate.high) == (value,) * 3
        cell = measure("a cell")
        assert cell.low <= cell.high


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_references_does_not_matter(random: object) -> None:
    found = distances({"a cell": (0.3, 0.2)}, 7, 0.5)
    order = list(range(7))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = {name: table[order] for name, table in found.items()}
    assert np.array_equal(Shares.of(found).samples, Shares.of(turned).samples)


@settings(max_examples=40)
@given(
    st.sampled_from([LEVELS, FLAT, (64,), (1024, 256, 64, 16)]),
    st.integers(1, 8),
    st.integers(2, 9),
    st.integers(0, 10**6),
)
def test_any_distances_give_weights_of_the_pipeline(
    tokens: tuple[int, ...], steps: int, references: int, seed: int
) -> None:
    grid = grid_of(tokens, steps)
    assert sorted(i for group in grid.groups for i in group.sites) == list(range(len(tokens)))
    names = [cell_name(group, part) for group in grid.groups for part in grid.parts]
    rng = np.random.default_rng(seed)
    found = {name: rng.uniform(0, 1, (references, 2)) for name in (NOTHING, EVERYTHING, *names)}
    table = table_of(grid, Shares.of(found))
    for aspect in table.weights(grid.levels).values():
        assert all(0 <= weight <= 1 for weight in aspect.layers)
    for own in (table.colors, table.form):
        assert own is None or any(any(own.at(i, steps)) for i in range(steps))


def test_parts_cover_all_steps_once() -> None:
    for steps in range(1, 30):
        parts = grid_of(LEVELS, steps).parts
        for i in range(steps):
            inside = [AspectWeights((1.0,), p.start, p.end).at(i, steps) for p in parts]
            assert sum(x for (x,) in inside) == 1
        for part in parts:
            cell = AspectWeights((1.0,), part.start, part.end)
            assert any(cell.at(i, steps) != (0.0,) for i in range(steps))


def test_what_the_default_says_is_the_default() -> None:
    """Fine layers for colors and coarse ones for form, at all steps."""
    table = measured(LEVELS, [[(0.5, 0.1)] * 3, [(0.0, 0.4)] * 3])
    assert table == AspectTable()


def test_it_may_be_the_other_way_round() -> None:
    table = measured(LEVELS, [[(0.0, 0.4)] * 3, [(0.5, 0.1)] * 3])
    assert table == AspectTable(weights([0, 1, 1, 0]), weights([1, 0, 0, 1]))


def test_depths_and_steps_of_a_transformer() -> None:
    """Form at first, in the middle of the depth; colors later, everywhere else."""
    rows = [
        [(0.1, 0.1), (0.5, 0.1), (0.4, 0.1)],
        [(0.0, 0.6), (0.2, 0.2), (0.2, 0.2)],
        [(0.1, 0.4), (0.6, 0.1), (0.6, 0.1)],
    ]
    table = measured(FLAT, rows)
    assert table.colors == weights([1, 1, 0, 0, 1, 1], 1 / 3)
    assert table.form == weights([0, 0, 1, 1, 0, 0])


def test_what_is_not_decided_stays_as_it_was() -> None:
    same = [(0.3, 0.3)] * 3
    assert measured(LEVELS, [same, same]) == AspectTable()
    assert measured(FLAT, [same] * 3) == AspectTable()
    one = measured(LEVELS, [same, [(0.0, 0.5)] * 3])
    assert one == AspectTable()  # the fine level keeps weight 1 for colors, 0 for form
    few = measured(LEVELS, [[(0.0, 0.4)] * 3, [(0.5, 0.1)] * 3], references=4)
    assert few == AspectTable()


def test_where_everything_moves_nothing_there_are_no_shares() -> None:
    grid = grid_of(LEVELS, 10)
    flat = {cell_name(g, p): np.ones((9, 2)) for g in grid.groups for p in grid.parts}
    shares = Shares.of({NOTHING: np.ones((9, 2)), EVERYTHING: np.ones((9, 2)), **flat})
    assert math.isnan(shares.color(EVERYTHING).value)
    assert shares.contrast({EVERYTHING: 1.0}).sign == 0
    assert table_of(grid, shares) == AspectTable()


@pytest.mark.parametrize(
    ("measured_", "default", "kept"),
    [
        ((0.8, 0.2), (0.9, 0.5), True),
        ((0.8, 0.2), (0.9, 0.1), False),
        ((1.0, 1.0), (0.2, 0.9), False),  # everything: better, and yet not about colors
    ],
)
def test_what_separates_no_better_than_the_default_is_left(
    measured_: Pair, default: Pair, *, kept: bool
) -> None:
    table = AspectTable(colors=weights([1, 0, 0, 0]))
    drawn = {
        drawn_name("colors", measured=True): measured_,
        drawn_name("colors", measured=False): default,
        drawn_name("form", measured=False): (0.0, 0.5),
    }
    found = better_of(table, Shares.of(distances(drawn, seed=1)))
    assert found == (table if kept else AspectTable())


def test_the_default_weights_of_a_grid() -> None:
    grid = grid_of(LEVELS, 10)
    assert [group.name for group in grid.groups] == ["256 tokens", "64 tokens"]
    assert default_weights(grid.levels)["colors"] == weights([1, 0, 0, 1])
    assert [group.sites for group in grid_of(FLAT, 10).groups] == [(0, 1), (2, 3), (4, 5)]
    assert [group.sites for group in grid_of((64, 64), 1).groups] == [(0,), (1,)]
    assert grid_of((64,), 1).weights(grid_of((64,), 1).groups[0], grid_of((64,), 1).parts[0]) == (
        weights([1])
    )

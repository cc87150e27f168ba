"""Influence on the wire: right to a hundredth of a per cent, and small."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabric_widget.widget.jobs import influence_maps
from fabric_widget.widget.jobs.lens_jobs import LensResult
from tests.widget.influence import random_influence

if TYPE_CHECKING:
    from fabric_widget.engine import Influence
    from tests.widget.influence import Grid

STRENGTHS = {"a" * 40: 1.0, "b" * 40: 0.5, "c" * 40: -1.0}
SIZES = st.integers(1, 7)
GRIDS = st.lists(st.tuples(SIZES, SIZES, SIZES, SIZES), min_size=1, max_size=3).map(
    lambda grids: tuple(sorted(grids, key=lambda grid: -grid[0] * grid[1]))
)


def seen(influence: Influence) -> LensResult:
    return LensResult(influence, steps=20)


@settings(max_examples=20, deadline=None)
@given(GRIDS, st.integers(1, 3), st.sampled_from([(1,), (-1,), (1, -1), (2, 0.5, -1, -2)]))
def test_every_map_comes_back_and_every_side_sums_to_one(
    grids: tuple[Grid, ...], parts: int, strengths: tuple[float, ...]
) -> None:
    influence = random_influence(
        dict(zip("wxyz", strengths, strict=False)), grids=grids, parts=parts
    )
    fields, buffers = influence_maps.told(seen(influence))
    selections = itertools.product((None, *range(len(grids))), (None, *range(parts)))
    for (level, part), data in itertools.zip_longest(selections, buffers):
        rows, columns, *_ = grids[level or 0]
        read = np.frombuffer(data, "<u2").reshape(-1, rows, columns) / 65_535
        sides, shares = read[: len(fields["sides"])], read[len(fields["sides"]) :]
        assert shares == pytest.approx(influence.shares(level=level, part=part).numpy(), abs=1e-5)
        for own, side in zip(sides, fields["sides"], strict=True):
            ours = [
                share
                for share, reference in zip(shares, fields["references"], strict=True)
                if (reference["strength"] > 0) is (side == "liked")
            ]
            assert np.abs(own + sum(ours) - 1).max() < 1e-4


def test_what_there_is_to_know_of_it() -> None:
    influence = random_influence(STRENGTHS)
    fields, _ = influence_maps.told(seen(influence))
    assert [one["id"] for one in fields["references"]] == ["a" * 12, "b" * 12, "c" * 12]
    assert [one["strength"] for one in fields["references"]] == [1.0, 0.5, -1.0]
    assert [one["contribution"] for one in fields["references"]] == pytest.approx(
        list(influence.contributions.values())
    )
    assert fields["parts"] == [[1, 2], [3, 4]]
    assert fields["steps"] == 20
    assert fields["sides"] == ["liked", "disliked"]
    assert fields["levels"] == [
        {"rows": 4, "columns": 6, "places": [8, 12]},
        {"rows": 2, "columns": 3, "places": [4, 6]},
    ]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("part", [None, 1])
def test_looks_are_relative_to_where_a_place_looked_most(level: int, part: int | None) -> None:
    influence = random_influence(STRENGTHS)
    for reference in range(3):
        fields, data = influence_maps.looks(influence, reference, level, part)
        wanted = influence.looks(reference, level=level, part=part).numpy()
        assert (fields["rows"], fields["columns"]) == wanted.shape[2:]
        read = np.frombuffer(data, np.uint8).reshape(wanted.shape)
        assert read.max((2, 3)).min() == 255
        share = read / read.sum((2, 3), keepdims=True) * wanted.sum((2, 3), keepdims=True)
        assert share == pytest.approx(wanted, abs=0.004)


@settings(max_examples=20, deadline=None)
@given(GRIDS)
def test_looks_over_all_levels_sum_to_the_shares_over_all_levels(
    grids: tuple[Grid, ...],
) -> None:
    finest = grids[0]
    grids = tuple((min(r, finest[0]), min(c, finest[1]), d, w) for r, c, d, w in grids)
    influence = random_influence(STRENGTHS, grids=grids)
    for reference, share in enumerate(influence.shares().numpy()):
        where = influence_maps._over_levels(influence, reference, None)
        assert where.sum((2, 3)) == pytest.approx(share, abs=1e-5)


def test_a_place_that_did_not_look_is_dark() -> None:
    influence = random_influence({"a": 1.0})
    for recorded in influence._maps:
        for level in recorded:
            level.looks[0].zero_()
    assert set(influence_maps.looks(influence, 0, 0, None)[1]) == {0}


@pytest.mark.parametrize("wrong", [(3, 0, 0), (-1, 0, 0), (0, 2, 0), (0, -1, 0), (0, 0, 2)])
def test_what_is_not_there_is_said(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="is not there: give a number from 0 to"):
        influence_maps.looks(random_influence(STRENGTHS), *wrong)


def test_messages_stay_small() -> None:
    many = {f"{index:040}": 1.0 if index % 3 else -1.0 for index in range(20)}
    grids = tuple((side, side, side, side) for side in (16, 16, 8, 4))
    influence = random_influence(many, grids=grids, parts=4)
    assert sum(map(len, influence_maps.told(seen(influence))[1])) < 400_000
    assert len(influence_maps.looks(influence, 0, None, None)[1]) == 16**4

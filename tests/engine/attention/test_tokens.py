"""Which tokens are lent: laws of the lattice, of weights, of the economy."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine import TokenBudget
from fabric_widget.engine.attention.core import attend, borrow
from fabric_widget.engine.attention.tokens import Lent, columns_of, grouped, lattice

sides = st.integers(1, 24)
strides = st.integers(1, 20)
phases = st.integers(0, 40)


def lent(seed: int, tokens: int, columns: int | None = None) -> Lent:
    generator = torch.Generator().manual_seed(seed)
    keys, values = (torch.randn(1, 2, tokens, 4, generator=generator) for _ in range(2))
    return Lent(keys, values, tokens, columns or columns_of(tokens, 1.0))


@given(sides, sides, strides)
def test_phases_of_a_lattice_hold_every_place_once(rows: int, columns: int, stride: int) -> None:
    places = [lattice(rows * columns, columns, stride, phase) for phase in range(stride)]
    assert sorted(torch.cat(places).tolist()) == list(range(rows * columns))


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 8), phases)
def test_a_lattice_leaves_no_row_out(rows: int, columns: int, stride: int, phase: int) -> None:
    width = columns * stride
    chosen = lattice(rows * width, width, stride, phase)
    assert torch.bincount(chosen // width, minlength=rows).tolist() == [columns] * rows


@pytest.mark.parametrize("stride", [2, 4, 8, 16])
def test_a_lattice_is_even(stride: int) -> None:
    """No place of a 32 × 32 picture is far from a chosen one."""
    chosen = lattice(1024, 32, stride, 0)
    points = torch.stack([chosen // 32, chosen % 32], 1).float()
    inner = torch.tensor([(r, c) for r in range(6, 26) for c in range(6, 26)]).float()
    farthest = torch.cdist(inner, points).min(1).values.max()
    assert farthest <= 1.25 * math.sqrt(stride)


@given(st.integers(1, 400), st.floats(0.1, 10))
def test_columns_divide_the_tokens(tokens: int, aspect: float) -> None:
    assert tokens % columns_of(tokens, aspect) == 0


def test_columns_of_a_known_picture() -> None:
    assert columns_of(24 * 16, 24 / 16) == 24
    assert columns_of(7, 1.0) == 7  # in no rows that anybody knows


@given(st.integers(0, 9), st.integers(2, 12), strides, phases)
def test_thinned_tokens_are_some_of_the_whole(
    seed: int, side: int, stride: int, phase: int
) -> None:
    whole = lent(seed, side * side)
    part = whole.thinned(stride, phase)
    kept = {tuple(x.flatten().tolist()) for x in part.keys.unbind(2)}
    assert kept <= {tuple(x.flatten().tolist()) for x in whole.keys.unbind(2)}
    assert len(kept) == part.keys.shape[2] >= 1
    assert math.isclose(part.factor * part.keys.shape[2], whole.tokens)
    assert part.keys.shape[2] % part.columns == 0


def test_whole_references_are_not_copied() -> None:
    whole = lent(0, 64)
    assert whole.thinned(1, 3) is whole
    assert lent(0, 4).thinned(9, 0).keys.shape[2] == 4  # too few to thin


def test_thinning_what_is_uniform_changes_nothing() -> None:
    """Where all keys are equal, fewer that count more are the same."""
    query = torch.randn(2, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    key = torch.randn(1, 2, 1, 4, generator=torch.Generator().manual_seed(1))
    whole = Lent(key.expand(-1, -1, 64, -1), key.expand(-1, -1, 64, -1), 64, 8)
    own = attend(query, query, query)

    def borrowed(part: Lent) -> torch.Tensor:
        return borrow(*own, query, grouped([part], [0.7 * part.factor]))

    for stride in (2, 3, 8):
        assert torch.allclose(borrowed(whole.thinned(stride, 1)), borrowed(whole), atol=1e-6)


@given(st.lists(st.sampled_from([0.0, 0.3, 0.7]), min_size=1, max_size=6))
def test_grouping_does_not_matter(factors: list[float]) -> None:
    query = torch.randn(2, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    own = attend(query, query, query)
    parts = [lent(seed, 6) for seed in range(len(factors))]
    together = grouped(parts, factors)
    assert len(together) == len({f for f in factors if f})
    alone = [
        loan
        for part, factor in zip(parts, factors, strict=True)
        for loan in grouped([part], [factor])
    ]
    assert torch.allclose(borrow(*own, query, together), borrow(*own, query, alone), atol=1e-6)


def test_two_references_of_a_small_layer_are_lent_whole() -> None:
    token_budget = TokenBudget()
    two = [lent(seed, 256) for seed in range(2)]
    assert all(a is b for a, b in zip(token_budget.thinned(two, 256, 5), two, strict=True))


@given(st.integers(1, 40), st.sampled_from([64, 256, 1024, 4096]), phases)
def test_no_branch_lends_more_than_its_share(n: int, tokens: int, index: int) -> None:
    token_budget = TokenBudget()
    each = len(lattice(tokens, columns_of(tokens, 1), token_budget.recorded_stride(tokens), 0))
    recorded = [
        Lent(torch.zeros(1, 1, each, 1), torch.zeros(1, 1, each, 1), tokens, columns_of(each, 1))
        for _ in range(n)
    ]
    count = sum(part.keys.shape[2] for part in token_budget.thinned(recorded, tokens, index))
    limit = tokens if tokens >= token_budget.dense else 2 * tokens
    assert count <= max(1.2 * limit, 8 * n)  # lattices are ragged; few tokens are left alone
    assert TokenBudget.exact().thinned(recorded, tokens, 0) == recorded


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stride": 0}, "stride is 0: give a whole number of at least 1"),
        ({"dense": 1.5}, "dense is 1.5"),
        ({"every": True}, "every is True"),
        ({"share": 0}, "share is 0: give a number above 0"),
        ({"share": math.nan}, "share is nan"),
    ],
)
def test_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TokenBudget(**settings)

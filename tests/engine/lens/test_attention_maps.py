"""Laws of what the lens computes at one attention call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.attention.core import Loan, blend, concatenate
from fabric_widget.engine.attention.place import Attention
from fabric_widget.engine.attention.tokens import Lent, Origin, columns_of
from fabric_widget.engine.lens import attention_maps
from fabric_widget.engine.lens.attention_maps import (
    Borrowed,
    Sums,
    cell_grid,
    cells_of,
    observed,
    pooled,
)
from fabric_widget.engine.lens.influence import Level

if TYPE_CHECKING:
    import pytest

TOLERANCE = 1e-5
CHANNELS = 8  # as many references can be told apart by what they lend

seeds = st.integers(0, 2**31)
weights = st.floats(1e-2, 4)
references = st.lists(st.tuples(st.integers(1, 9), weights), min_size=1, max_size=4)
sizes = st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 4]), st.integers(1, 9))


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def called(seed: int, size: tuple[int, int, int], **options: Any) -> Attention:
    rows, heads, tokens = size
    query, key = (normal(seed + i, rows, heads, tokens, CHANNELS) for i in range(2))
    return Attention(query, key, torch.zeros_like(key), **options)


def lent(seed: int, heads: int, tokens: int, name: int) -> Lent:
    """Return a reference whose values tell its name: one in the channel `name`."""
    values = torch.zeros(1, heads, tokens, CHANNELS)
    values[..., name] = 1
    return Lent(normal(seed + 10 + name, 1, heads, tokens, CHANNELS), values, tokens, tokens)


def shares(
    call: Attention, row: int, offered: list[Lent], factors: list[float]
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return what stayed at each place, and what each reference drew."""
    found = observed(call, row, slice(None), Borrowed.of(offered, factors))
    seen = torch.cat(list(found)).T
    own = call.key.shape[-2]
    lengths = [part.keys.shape[-2] for part in offered]
    return seen[:own].sum(0), [part.sum(0) for part in torch.split(seen[own:], lengths)]


def drawn(seed: int, heads: int, given: list[tuple[int, float]]) -> tuple[list[Lent], list[float]]:
    offered = [lent(seed, heads, tokens, i) for i, (tokens, _) in enumerate(given)]
    return offered, [weight for _, weight in given]


@given(seeds, sizes, references)
def test_what_is_seen_is_what_the_layer_does(
    seed: int, size: tuple[int, int, int], given: list[tuple[int, float]]
) -> None:
    """Each reference lends ones in a channel of its own, so the output says what each drew."""
    offered, factors = drawn(seed, size[1], given)
    call = called(seed, size)
    loans = [
        Loan(part.keys, part.values, math.log(factor))
        for part, factor in zip(offered, factors, strict=True)
    ]
    own = call.value.new_ones(call.value.shape)
    for row in range(size[0]):
        stayed, lost = shares(call, row, offered, factors)
        out = blend(call.query, call.key, call.value, loans)[row].mean(0)
        for name, share in enumerate(lost):
            assert (out[:, name] - share).abs().max() < TOLERANCE
        nothing = [loan._replace(values=torch.zeros_like(loan.values)) for loan in loans]
        kept = blend(call.query, call.key, own, nothing)[row].mean(0)
        assert (kept[:, 0] - stayed).abs().max() < TOLERANCE
        assert (stayed + sum(lost) - 1).abs().max() < TOLERANCE


@given(seeds, sizes, references, st.booleans(), st.booleans())
def test_masks_and_shared_heads_are_seen(
    seed: int,
    size: tuple[int, int, int],
    given: list[tuple[int, float]],
    boolean: bool,
    shared: bool,
) -> None:
    rows, heads, tokens = size
    mask = normal(seed + 5, rows, 1, tokens, tokens)
    mask = torch.where(torch.eye(tokens, dtype=torch.bool), 0.0, mask)
    given_heads = max(heads // 2, 1) if shared else heads
    offered, factors = drawn(seed, given_heads, given)
    call = called(seed, size, attn_mask=mask >= 0 if boolean else mask, enable_gqa=shared)
    call = Attention(
        call.query,
        call.key[:, :given_heads],
        call.value[:, :given_heads],
        call.attn_mask,
        enable_gqa=shared,
    )
    loans = [
        Loan(part.keys, part.values, math.log(factor))
        for part, factor in zip(offered, factors, strict=True)
    ]
    out = concatenate(
        call.query, call.key, call.value, loans, mask=call.attn_mask, enable_gqa=shared
    )
    for row in range(rows):
        stayed, lost = shares(call, row, offered, factors)
        for name, share in enumerate(lost):
            assert (out[row].mean(0)[:, name] - share).abs().max() < TOLERANCE
        assert (stayed + sum(lost) - 1).abs().max() < TOLERANCE


@given(seeds, sizes, weights)
def test_a_reference_that_is_the_picture_draws_what_the_formula_says(
    seed: int, size: tuple[int, int, int], weight: float
) -> None:
    call = called(seed, size)
    for row in range(size[0]):
        same = lent(seed, size[1], size[2], 0)._replace(keys=call.key[row : row + 1])
        stayed, [share] = shares(call, row, [same], [weight])
        assert (share - weight / (1 + weight)).abs().max() < TOLERANCE
        assert (stayed - 1 / (1 + weight)).abs().max() < TOLERANCE


@given(seeds, sizes, references)
def test_order_does_not_matter(
    seed: int, size: tuple[int, int, int], given: list[tuple[int, float]]
) -> None:
    offered, factors = drawn(seed, size[1], given)
    call = called(seed, size)
    _, ahead = shares(call, 0, offered, factors)
    _, back = shares(call, 0, offered[::-1], factors[::-1])
    for a, b in zip(ahead, back[::-1], strict=True):
        assert (a - b).abs().max() < TOLERANCE


@given(seeds, sizes, references)
def test_halves_of_a_reference_draw_what_it_drew(
    seed: int, size: tuple[int, int, int], given: list[tuple[int, float]]
) -> None:
    offered, factors = drawn(seed, size[1], given)
    call = called(seed, size)
    _, [whole, *others] = shares(call, 0, offered, factors)
    half = factors[0] / 2
    _, [first, second, *same] = shares(call, 0, [offered[0], *offered], [half, half, *factors[1:]])
    assert (first + second - whole).abs().max() < TOLERANCE
    assert torch.allclose(first, second)
    for a, b in zip(others, same, strict=True):
        assert (a - b).abs().max() < TOLERANCE


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), weights)
def test_equal_keys_draw_equally(rows: int, columns: int, own: int, weight: float) -> None:
    """Every token of the reference as much as every other, and in all w·M / (N + w·M)."""
    count = rows * columns
    call = called(0, (1, 2, own))
    key = normal(3, 1, 2, 1, CHANNELS)
    call = Attention(call.query, key.expand(-1, -1, own, -1), call.value)
    same = Lent(key.expand(-1, -1, count, -1), key.expand(-1, -1, count, -1), count, columns)
    found = observed(call, 0, slice(None), Borrowed.of([same], [weight]))
    looked = torch.cat(list(found))[:, own:]
    assert (looked - weight / (own + weight * count)).abs().max() < TOLERANCE


def test_a_reference_of_no_weight_draws_nothing() -> None:
    call = called(0, (1, 2, 4))
    stayed, [first, second] = shares(call, 0, [lent(0, 2, 3, 0), lent(0, 2, 3, 1)], [0.0, 0.5])
    assert first.abs().max() == 0 < second.min()
    assert (stayed + second - 1).abs().max() < TOLERANCE


def test_a_few_places_at_a_time_see_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    call, borrowed = called(0, (1, 2, 12)), Borrowed.of([lent(0, 2, 5, 0)], [0.5])
    origin, grid = Origin(12, 4), (3, 2)
    whole = pooled(observed(call, 0, slice(None), borrowed), origin, grid)
    monkeypatch.setattr(attention_maps, "_CHUNK", 5 * 2 * 17)
    parts = list(observed(call, 0, slice(None), borrowed))
    assert [len(part) for part in parts] == [5, 5, 2]
    assert (pooled(iter(parts), origin, grid) - whole).abs().max() < TOLERANCE


@given(st.integers(1, 12), st.integers(1, 12), st.lists(st.tuples(seeds, seeds), max_size=2), seeds)
def test_thinned_tokens_are_mapped_back(
    rows: int, columns: int, thinnings: list[tuple[int, int]], seed: int
) -> None:
    count = rows * columns
    numbers = torch.arange(count).float().reshape(1, 1, -1, 1)
    part = Lent(numbers, numbers, count, columns)
    for stride, phase in thinnings:
        part = part.thinned(stride % 5 + 1, phase % 7)
    places = part.origin.places()
    assert torch.equal(places, part.keys.flatten().long())
    grid = cell_grid(part.origin, seed % 9 + 1)
    expected = [
        (n // columns * grid[0] // rows) * grid[1] + n % columns * grid[1] // columns
        for n in places.tolist()
    ]
    assert cells_of(part.origin, grid).tolist() == expected


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
def test_every_cell_has_places(rows: int, columns: int, cells: int) -> None:
    origin = Origin(rows * columns, columns)
    grid = cell_grid(origin, cells)
    assert max(grid) <= cells
    assert set(cells_of(origin, grid).tolist()) == set(range(grid[0] * grid[1]))


@given(seeds, st.integers(1, 7), st.integers(1, 7), st.integers(1, 7))
def test_a_cell_is_the_mean_of_its_places(seed: int, rows: int, columns: int, cells: int) -> None:
    origin = Origin(rows * columns, columns)
    grid = cell_grid(origin, cells)
    seen = normal(seed, rows * columns, 3)
    means = pooled(iter([seen]), origin, grid)
    for cell in range(grid[0] * grid[1]):
        mean = seen[cells_of(origin, grid) == cell].mean(0)
        assert (means[:, cell] - mean).abs().max() < TOLERANCE


@given(seeds, st.integers(1, 4), st.integers(1, 3))
def test_looks_add_up_to_shares(seed: int, references: int, calls: int) -> None:
    """And are means over all that was added."""
    lent, level = (
        [Lent(torch.zeros(1, 1, 6, 1), torch.zeros(1, 1, 6, 1), 6, 3)] * references,
        Level(4, 2, 2, 1),
    )
    sums = Sums(references, level, looks=True, like=torch.zeros(1))
    alone = Sums(references, level, looks=False, like=torch.zeros(1))
    for i in range(calls):
        seen = normal(seed + i, 5 + 6 * references, 4).softmax(0)
        for each in (sums, alone):
            each.add(seen, range(references), lent, 2)
    means = sums.means()
    assert torch.equal(means.shares, alone.means().shares)
    assert (means.own.float() + means.shares.float().sum(0) - 1).abs().max() < 1e-2
    for share, looked in zip(means.shares, means.looks, strict=True):
        assert looked.shape == (2, 2, 4)
        assert (looked.float().sum((0, 1)) - share.float()).abs().max() < 1e-3


@given(seeds, st.integers(1, 3), st.integers(0, 2))
def test_rows_that_borrow_nothing_count(seed: int, calls: int, without: int) -> None:
    """And a reference that lends to no row has no share."""
    sums = Sums(2, Level(4, 2, 2, 1), looks=True, like=torch.zeros(1))
    for i in range(calls):
        lent = Lent(torch.zeros(1, 1, 6, 1), torch.zeros(1, 1, 6, 1), 6, 3)
        sums.add(normal(seed + i, 5 + 6, 4).softmax(0), [1], [lent], 2)
    for _ in range(without):
        sums.add_nothing()
    means = sums.means()
    assert (means.own.float() + means.shares.float().sum(0) - 1).abs().max() < 1e-2
    assert (means.own.float() >= without / (calls + without) - 1e-2).all()
    assert not means.shares[0].any()


def test_a_picture_of_unknown_rows_is_one_row() -> None:
    origin = Origin(7, columns_of(7, 1.0))
    assert (origin.rows, cell_grid(origin, 4)) == (1, (1, 4))

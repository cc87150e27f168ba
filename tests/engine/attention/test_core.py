"""Laws of borrowed attention."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.attention.core import (
    Loan,
    attend,
    blend,
    borrow,
    concatenate,
    extrapolate,
)

TOLERANCE = 1e-6

dimensions = st.tuples(
    st.integers(1, 3),  # rows
    st.integers(1, 3),  # heads
    st.integers(1, 9),  # own tokens
    st.sampled_from([1, 3, 8]),  # channels
)
seeds = st.integers(0, 2**31)
weights = st.floats(1e-3, 4)
references = st.lists(st.tuples(st.integers(1, 9), weights), min_size=1, max_size=4)


def normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator)


def drawn(
    seed: int, size: tuple[int, int, int, int], lent: list[tuple[int, float]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[Loan]]:
    """Return random queries, keys, values and loans."""
    generator = torch.Generator().manual_seed(seed)
    b, h, n, d = size
    q, k, v = (normal(generator, b, h, n, d) for _ in range(3))
    loans = [
        Loan(normal(generator, 1, h, m, d), normal(generator, 1, h, m, d), math.log(w))
        for m, w in lent
    ]
    return q, k, v, loans


def reweighted(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, loans: list[Loan]
) -> torch.Tensor:
    """The published arithmetic: probabilities times weights, normalised again."""
    b = len(q)
    keys = torch.cat([k, *(loan.keys.expand(b, -1, -1, -1) for loan in loans)], 2).double()
    values = torch.cat([v, *(loan.values.expand(b, -1, -1, -1) for loan in loans)], 2).double()
    factors = torch.cat(
        [
            torch.ones(k.shape[2], dtype=torch.float64),
            *(
                torch.full((loan.keys.shape[2],), math.exp(loan.log_weight), dtype=torch.float64)
                for loan in loans
            ),
        ]
    )
    p = torch.softmax(q.double() @ keys.mT / math.sqrt(q.shape[-1]), -1) * factors
    return (p / p.sum(-1, keepdim=True) @ values).float()


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = TOLERANCE) -> bool:
    return bool((a - b).abs().max() <= tolerance)


@given(seeds, dimensions, references)
def test_gate_is_the_published_softmax(
    seed: int, size: tuple[int, int, int, int], lent: list[tuple[int, float]]
) -> None:
    q, k, v, loans = drawn(seed, size, lent)
    assert close(blend(q, k, v, loans), reweighted(q, k, v, loans))


@given(seeds, dimensions, references)
def test_concatenation_is_the_gate(
    seed: int, size: tuple[int, int, int, int], lent: list[tuple[int, float]]
) -> None:
    q, k, v, loans = drawn(seed, size, lent)
    assert close(concatenate(q, k, v, loans), blend(q, k, v, loans))


@given(seeds, dimensions, weights)
def test_own_keys_change_nothing(seed: int, size: tuple[int, int, int, int], weight: float) -> None:
    q, k, v, _ = drawn(seed, (1, *size[1:]), [(1, 1.0)])
    assert close(blend(q, k, v, [Loan(k, v, math.log(weight))]), attend(q, k, v)[0])


@given(seeds, dimensions, references, st.randoms(use_true_random=False))
def test_order_and_grouping_do_not_matter(
    seed: int,
    size: tuple[int, int, int, int],
    lent: list[tuple[int, float]],
    random: object,
) -> None:
    q, k, v, loans = drawn(seed, size, [(m, 0.7) for m, _ in lent])
    shuffled = list(loans)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    joined = Loan(
        torch.cat([loan.keys for loan in loans], 2),
        torch.cat([loan.values for loan in loans], 2),
        loans[0].log_weight,
    )
    expected = blend(q, k, v, loans)
    assert close(blend(q, k, v, shuffled), expected)
    assert close(blend(q, k, v, [joined]), expected)


@given(seeds, dimensions, weights, st.integers(1, 6))
def test_copies_that_share_a_weight_are_one(
    seed: int, size: tuple[int, int, int, int], weight: float, n: int
) -> None:
    q, k, v, [loan] = drawn(seed, size, [(5, weight)])
    copies = [loan._replace(log_weight=loan.log_weight - math.log(n))] * n
    assert close(blend(q, k, v, copies), blend(q, k, v, [loan]))


@given(seeds, dimensions, references)
def test_rows_do_not_see_each_other(
    seed: int, size: tuple[int, int, int, int], lent: list[tuple[int, float]]
) -> None:
    q, k, v, loans = drawn(seed, size, lent)
    together = blend(q, k, v, loans)
    alone = torch.cat(
        [blend(q[i : i + 1], k[i : i + 1], v[i : i + 1], loans) for i in range(len(q))]
    )
    assert close(together, alone)


@given(seeds, dimensions, references, st.booleans())
def test_mask_of_the_caller_is_kept(
    seed: int,
    size: tuple[int, int, int, int],
    lent: list[tuple[int, float]],
    boolean: bool,
) -> None:
    q, k, v, loans = drawn(seed, (*size[:2], size[2] + 1, size[3]), lent)
    allowed = torch.ones(k.shape[2], dtype=torch.bool)
    allowed[-1] = False
    mask = allowed if boolean else torch.zeros(k.shape[2]).masked_fill(~allowed, -torch.inf)
    without = blend(q, k[:, :, :-1], v[:, :, :-1], loans)
    assert close(blend(q, k, v, loans, mask=mask), without)


@given(seeds, dimensions)
def test_log_sum_exp_is_one(seed: int, size: tuple[int, int, int, int]) -> None:
    q, k, v, _ = drawn(seed, size, [(1, 1.0)])
    scale = 0.3
    out, lse = attend(q, k, v, scale)
    scores = q @ k.mT * scale
    assert close(lse, scores.logsumexp(-1), 1e-5)
    assert close(out, scores.softmax(-1) @ v)


def test_any_strides_and_shared_keys() -> None:
    q, k, v, _ = drawn(5, (3, 2, 8, 8), [(1, 1.0)])
    plain = attend(q, k[:1].repeat(3, 1, 1, 1), v[:1].repeat(3, 1, 1, 1))
    assert all(torch.equal(a, b) for a, b in zip(attend(q, k[:1], v[:1]), plain, strict=True))
    turned_q, turned_k, turned_v = (x.mT.contiguous().mT for x in (q, k, v))
    assert close(attend(turned_q, turned_k, turned_v)[0], attend(q, k, v)[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_gates_in_float32(dtype: torch.dtype) -> None:
    q, k, v, loans = drawn(3, (2, 2, 40, 8), [(40, 0.8), (40, 0.4), (40, 0.1)])
    half = [Loan(loan.keys.to(dtype), loan.values.to(dtype), loan.log_weight) for loan in loans]
    got = blend(q.to(dtype), k.to(dtype), v.to(dtype), half)
    assert got.dtype == dtype
    rounding = torch.finfo(dtype).eps
    assert close(got.float(), blend(q, k, v, loans), 8 * rounding)


def test_nothing_borrowed_is_plain_attention() -> None:
    q, k, v, _ = drawn(0, (2, 2, 9, 8), [(1, 1.0)])
    out, lse = attend(q, k, v)
    assert torch.equal(borrow(out, lse, q, []), out)
    plain = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    assert torch.equal(out, plain)


def test_a_great_weight_leaves_only_the_reference() -> None:
    q, k, v, [loan] = drawn(1, (2, 2, 9, 8), [(5, 1e30)])
    lent_keys, lent_values = (torch.cat([x, x]) for x in (loan.keys, loan.values))
    assert close(blend(q, k, v, [loan]), attend(q, lent_keys, lent_values)[0])


scales = st.floats(0, 20)


@given(seeds, dimensions, scales)
def test_extrapolation_is_the_published_one(
    seed: int, size: tuple[int, int, int, int], scale: float
) -> None:
    """Token by token, in float64, as the equations of arXiv 2505.21179 have it."""
    generator = torch.Generator().manual_seed(seed)
    positive, negative = normal(generator, *size), normal(generator, *size)
    got = extrapolate(positive, negative, scale)
    b, h, n, d = size
    for i in range(b):
        for j in range(n):
            z, other = (x[i, :, j].reshape(h * d).double() for x in (positive, negative))
            tilde = z + scale * (z - other)
            ratio = tilde.abs().sum() / z.abs().sum()
            hat = tilde * min(float(ratio), 2.5) / ratio
            assert close(got[i, :, j].reshape(-1).double(), 0.5 * hat + 0.5 * z, 1e-4)


@given(seeds, dimensions, scales)
def test_extrapolation_away_from_itself_stays(
    seed: int, size: tuple[int, int, int, int], scale: float
) -> None:
    x = normal(torch.Generator().manual_seed(seed), *size)
    assert close(extrapolate(x, x, scale), x)
    assert close(extrapolate(x, -x, 0), x)


@given(seeds, dimensions, scales)
def test_extrapolation_is_bounded(seed: int, size: tuple[int, int, int, int], scale: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    positive, negative = normal(generator, *size), 100 * normal(generator, *size)
    got = extrapolate(positive, negative, scale).abs().sum((1, 3))
    assert bool((got <= 1.7501 * positive.abs().sum((1, 3))).all())


def test_extrapolation_of_nothing() -> None:
    nothing, something = torch.zeros(1, 1, 2, 3), torch.ones(1, 1, 2, 3)
    assert torch.equal(extrapolate(nothing, nothing, 5), nothing)
    assert extrapolate(nothing, something, 5).isfinite().all()


def test_extrapolation_in_half_precision_is_computed_in_full() -> None:
    positive, negative = (normal(torch.Generator().manual_seed(i), 1, 2, 4, 8) for i in range(2))
    exact = extrapolate(positive.half().float(), negative.half().float(), 20)
    got = extrapolate(positive.half(), negative.half(), 20)
    assert got.dtype == torch.float16
    assert torch.equal(got, exact.half())

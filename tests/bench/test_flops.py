"""Arithmetic is counted as one counts it by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn import functional

from fabric_widget.bench.flops import FlopCounter
from fabric_widget.bench.measure import FlopCount, measure
from fabric_widget.bench.methods import MODES, PLAIN, PUBLISHED, Variant
from fabric_widget.bench.report import floor
from fabric_widget.engine import TokenBudget
from fabric_widget.engine.attention.core import Loan, blend
from fabric_widget.zoo import tiny
from tests.bench.conftest import tiny_pipeline

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan

B, H, N, M, D = 2, 4, 16, 48, 8


def test_products_and_convolutions() -> None:
    linear, convolution = torch.nn.Linear(6, 5), torch.nn.Conv2d(3, 4, 3, padding=1)
    with FlopCounter() as counter:
        linear(torch.ones(7, 6))
        assert counter.total == 2 * 7 * 6 * 5
        convolution(torch.ones(1, 3, 8, 8))
    assert counter.total == 2 * 7 * 6 * 5 + 2 * 4 * 8 * 8 * 3 * 3 * 3


@pytest.mark.parametrize("masked", [False, True])
def test_attention(*, masked: bool) -> None:
    q, k = torch.randn(B, H, N, D), torch.randn(B, H, M, D)
    mask = torch.zeros(1, 1, 1, M) if masked else None
    with FlopCounter() as counter:
        functional.scaled_dot_product_attention(q, k, k, attn_mask=mask)
    assert counter.total == 2 * (2 * B * H * N * M * D)


def test_attention_to_references_that_the_batch_shares() -> None:
    q, r = torch.randn(B, H, N, D), torch.randn(1, H, M, D)
    with FlopCounter() as counter:
        blend(q, q, q, [Loan(r, r, 0.0)])
    assert counter.total == 2 * (2 * B * H * N * (N + M) * D)


def test_what_is_outside_is_not_counted() -> None:
    with FlopCounter() as counter:
        pass
    torch.nn.Linear(6, 5)(torch.ones(7, 6))
    assert counter.total == 0


@pytest.fixture(scope="module")
def plan(plan: Plan) -> Plan:
    """Return a plan with more references than fit into the budget, or into one batch."""
    return replace(plan, references=(0, 1, 2, 5))


@pytest.fixture(scope="module")
def counts(plan: Plan) -> dict[tuple[Variant, int], FlopCount]:
    """Return what was counted, by variant and number of references; nothing is timed."""
    torch.set_num_threads(1)
    findings = measure(plan, tiny_pipeline(plan), lambda *_: None)
    counted = takewhile(lambda x: isinstance(x, FlopCount), findings)
    return {(x.variant, x.references): x for x in counted if isinstance(x, FlopCount)}


def layers(plan: Plan) -> list[tuple[int, int]]:
    """Return the tokens and channels of each self-attention layer of the tiny denoiser."""
    fine, coarse = plan.size.latent**2, (plan.size.latent // 2) ** 2
    few, many = tiny.pipeline().unet.config.block_out_channels
    # One layer going down and two going up at each resolution, and one in the middle.
    return 3 * [(fine, few)] + 4 * [(coarse, many)]


def test_self_attention_of_a_whole_denoiser(
    counts: dict[tuple[Variant, int], FlopCount], plan: Plan
) -> None:
    expected = sum(4 * n * n * c for n, c in layers(plan))
    plain = counts[PLAIN, 0]
    assert plain.self_attention == expected * 2 * plan.size.pictures


def test_without_references_every_method_is_the_plain_pipeline(
    counts: dict[tuple[Variant, int], FlopCount],
) -> None:
    assert {x.flops for (_, n), x in counts.items() if n == 0} == {counts[PLAIN, 0].flops}


def test_a_later_round_attends_to_every_token_or_to_as_many_as_its_budget_has(
    counts: dict[tuple[Variant, int], FlopCount], plan: Plan
) -> None:
    plain = counts[PLAIN, 0]
    token_budget = TokenBudget()
    assert token_budget.dense > plan.size.latent**2
    whole = round(
        2 * token_budget.share
    )  # references that a layer which is not dense is lent whole
    assert 1 <= whole < max(plan.references)
    for n in plan.references:
        exact, budget = (counts[Variant("later", mode), n].flops for mode in ("exact", "budget"))
        assert exact == pytest.approx(floor(plan, plain, n) * plain.flops)
        if n <= whole:
            assert budget == exact
        else:
            assert plain.flops < budget <= floor(plan, plain, whole) * plain.flops < exact


@pytest.mark.parametrize("mode", MODES)
def test_a_first_round_computes_whole_batches_of_references_beside(
    mode: str, counts: dict[tuple[Variant, int], FlopCount], plan: Plan
) -> None:
    row = counts[PLAIN, 0].flops / (2 * plan.size.pictures)
    computed = {
        n: (counts[Variant("first", mode), n].flops - counts[Variant("later", mode), n].flops) / row
        for n in plan.references
    }
    steps = plan.size.steps
    size = round(computed[1] * steps)  # one reference at all steps and what fills its batch up
    assert steps < size < max(plan.references) * steps
    expected = {n: math.ceil(n * steps / size) * size / steps for n in plan.references}
    assert computed == pytest.approx(expected)


def test_the_published_way_computes_each_reference_and_projects_it_for_each_row_that_reads_it(
    counts: dict[tuple[Variant, int], FlopCount], plan: Plan
) -> None:
    plain = counts[PLAIN, 0]
    row = plain.flops / (2 * plan.size.pictures)
    projected = sum(2 * 2 * n * c * c for n, c in layers(plan))  # one reference: keys and values
    for n in plan.references:
        attended = floor(plan, plain, n) * plain.flops
        beside = n * row + n * plan.size.pictures * projected
        assert counts[PUBLISHED, n].flops == pytest.approx(attended + beside)

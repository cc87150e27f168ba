"""Arithmetic is counted as one counts it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn import functional

from fabric_widget.bench.flops import Counter
from fabric_widget.bench.measure import Count
from fabric_widget.bench.methods import PLAIN, PUBLISHED, Way
from fabric_widget.bench.report import floor
from fabric_widget.engine.attention import Loan, blend
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding

B, H, N, M, D = 2, 4, 16, 48, 8


def test_products_and_convolutions() -> None:
    linear, convolution = torch.nn.Linear(6, 5), torch.nn.Conv2d(3, 4, 3, padding=1)
    with Counter() as counter:
        linear(torch.ones(7, 6))
        assert counter.total == 2 * 7 * 6 * 5
        convolution(torch.ones(1, 3, 8, 8))
    assert counter.total == 2 * 7 * 6 * 5 + 2 * 4 * 8 * 8 * 3 * 3 * 3


@pytest.mark.parametrize("masked", [False, True])
def test_attention(*, masked: bool) -> None:
    q, k = torch.randn(B, H, N, D), torch.randn(B, H, M, D)
    mask = torch.zeros(1, 1, 1, M) if masked else None
    with Counter() as counter:
        functional.scaled_dot_product_attention(q, k, k, attn_mask=mask)
    assert counter.total == 2 * (2 * B * H * N * M * D)


def test_attention_to_references_that_the_batch_shares() -> None:
    q, r = torch.randn(B, H, N, D), torch.randn(1, H, M, D)
    with Counter() as counter:
        blend(q, q, q, [Loan(r, r, 0.0)])
    assert counter.total == 2 * (2 * B * H * N * (N + M) * D)


def test_what_is_outside_is_not_counted() -> None:
    with Counter() as counter:
        pass
    torch.nn.Linear(6, 5)(torch.ones(7, 6))
    assert counter.total == 0


def counts(findings: list[Finding]) -> dict[tuple[Way, int], Count]:
    return {(x.way, x.references): x for x in findings if isinstance(x, Count)}


def test_self_attention_of_a_whole_denoiser(findings: list[Finding], plan: Plan) -> None:
    config = tiny.pipeline().unet.config
    fine, coarse = plan.size.latent**2, (plan.size.latent // 2) ** 2
    few, many = config.block_out_channels
    # One layer going down and two going up at each resolution, and one in the middle.
    expected = sum(4 * n * n * c for n, c in 3 * [(fine, few)] + 4 * [(coarse, many)])
    plain = counts(findings)[PLAIN, 0]
    assert plain.self_attention == expected * 2 * plan.size.pictures


def test_each_method_does_the_arithmetic_that_is_said_of_it(
    findings: list[Finding], plan: Plan
) -> None:
    found = counts(findings)
    plain = found[PLAIN, 0]
    row = plain.flops / (2 * plan.size.pictures)
    least = floor(plan, plain, 2)
    assert least > 1
    for way, n in found:
        if n == 0:
            assert found[way, n].flops == plain.flops
    later, first = (found[Way(name, "exact"), 2].flops for name in ("later", "first"))
    assert later == pytest.approx(least * plain.flops)
    assert first == pytest.approx(later + 2 * row)
    # The references' keys and values, projected again for each row that reads them.
    width = [8] * 3 + [16] * 4
    tokens = [64] * 3 + [16] * 4
    projections = sum(2 * 2 * n * c * c for n, c in zip(tokens, width, strict=True))
    assert found[PUBLISHED, 2].flops == pytest.approx(first + 2 * plan.size.pictures * projections)

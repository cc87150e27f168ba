"""Linear attention with references: exact, found by its two products, the same as published."""

from __future__ import annotations

import math

import pytest
import torch
from diffusers.models.attention_processor import Attention, SanaLinearAttnProcessor2_0
from torch.nn import functional

from fabric_widget.engine.attention.calls import add_to_sums
from fabric_widget.engine.attention.core import Loan, extrapolate
from fabric_widget.engine.attention.find_sites import find_sites
from fabric_widget.engine.attention.place import Attention as Call
from fabric_widget.engine.attention.place import Borrowing
from fabric_widget.engine.attention.site import Site
from fabric_widget.engine.attention.tokens import Lent
from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.engine.errors import NoAttentionSites
from fabric_widget.engine.lens.attention_maps import Borrowed, observed
from fabric_widget.zoo import ZOO

WIDTH, HEADS = 8, 2


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ended(values: torch.Tensor) -> torch.Tensor:
    return functional.pad(values, (0, 1), value=1.0)


@pytest.mark.parametrize("by_place", [False, True])
def test_references_join_the_sums_exactly(by_place: bool) -> None:
    """Against weights k·q written out, of every token, in float64."""
    q, k = (normal(seed, 2, 3, 6, 4).abs() for seed in (0, 1))
    v, theirs = normal(2, 2, 3, 6, 5), [normal(3, 1, 3, 7, 4).abs(), normal(4, 1, 3, 7, 5)]
    weight = torch.linspace(0, 2, 6, dtype=torch.float64) if by_place else torch.tensor(0.7)
    own, lent = q @ k.mT, (q @ theirs[0].mT) * weight.reshape(-1, 1)
    shares = torch.cat([own, lent.expand(2, -1, -1, -1)], -1)
    expected = (shares / shares.sum(-1, keepdim=True)) @ torch.cat(
        [v, theirs[1].expand(2, -1, -1, -1)], -2
    )
    sums = q @ (k.mT @ ended(v))
    loan = Loan(theirs[0], ended(theirs[1]), weight.log() if by_place else math.log(0.7))
    found = add_to_sums(sums, q, [loan])
    tolerance = 1e-12 if by_place else 1e-7  # of the weight written in float32
    assert (found - expected).abs().max() < tolerance
    assert torch.equal(add_to_sums(sums, q, []), sums[..., :-1] / (sums[..., -1:] + 1e-15))


def test_shares_that_a_lens_sees() -> None:
    """Products of queries and keys, weighed, over their sum; averaged over heads."""
    q, k = (normal(seed, 1, 3, 6, 4).abs() for seed in (0, 1))
    lent = Lent(normal(3, 1, 3, 7, 4).abs(), normal(4, 1, 3, 7, 5), 7, 7)
    call = Call(q, k, ended(k), linear=True)
    seen = torch.cat(list(observed(call, 0, slice(None), Borrowed.of([lent], [0.5]))))
    shares = torch.cat([q @ k.mT, 0.5 * q @ lent.keys.mT], -1)
    assert (seen - (shares / shares.sum(-1, keepdim=True))[0].mean(0)).abs().max() < 1e-6


def attention() -> Attention:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = Attention(WIDTH, heads=HEADS, dim_head=4, processor=SanaLinearAttnProcessor2_0())
    return module.eval()


@torch.no_grad()
def test_a_site_of_linear_attention() -> None:
    """Rows that borrow attend to both; the others are as they were, to the bit."""
    module, x = attention(), normal(5, 3, 6, WIDTH).float()
    [place] = find_sites(module, lambda: module(x[:2]))
    assert place.linear
    assert (place.before, place.tokens, place.after, place.ordinal) == (0, 6, 0, 0)
    site = Site(place)
    site.recording = True
    other = normal(6, 1, 9, WIDTH).float()
    site.forward(other)
    assert site.recorded is not None
    keys, values = (part.clone() for part in site.recorded)
    assert keys.shape == (1, HEADS, 9, 4)
    site.recording = False
    plain = module(x)
    site.borrowings = [Borrowing(slice(1, 2), [Loan(keys, values, 0.0)])]
    fed = site.forward(x)
    assert torch.equal(fed[[0, 2]], plain[[0, 2]])
    together = module(torch.cat([x[1:2], other], 1))[:, :6]  # at weight 1 they are tokens like its
    assert (fed[1:2] - together).abs().max() < 1e-5
    assert (fed[1] - plain[1]).abs().max() > 1e-2
    site.borrowings = [Borrowing(slice(1, 2), [], [Loan(keys, values, 0.0)], 2.0)]
    heads = [out.reshape(1, 6, HEADS, 4).transpose(1, 2) for out in _unprojected(x, other)]
    away = extrapolate(heads[0], heads[1], 2.0).transpose(1, 2).flatten(2)
    assert (site.forward(x)[1:2] - module.to_out[0](away)).abs().max() < 1e-5


def _unprojected(x: torch.Tensor, other: torch.Tensor) -> list[torch.Tensor]:
    """Return the attention of the second row alone, and with another picture's tokens."""
    module = attention()
    module.to_out[0] = torch.nn.Identity()
    return [module(x[1:2]), module(torch.cat([x[1:2], other], 1))[:, :6]]


@torch.no_grad()
def test_products_that_are_no_linear_attention() -> None:
    """Softmax between them, or no ones below the values: nothing that references could join."""

    class Products(torch.nn.Module):
        softmax = True

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            product = torch.matmul(x, x.mT)
            return torch.matmul(product.softmax(-1) if self.softmax else product, x)

    module = Products()
    for softmax in (True, False):
        module.softmax = softmax
        with pytest.raises(NoAttentionSites):
            find_sites(module, lambda: module(normal(7, 2, 1, 6, 6)))


@pytest.mark.parametrize("name", ["SD 3", "Qwen-Image"])
def test_feedback_under_autocast(name: str) -> None:
    """Queries normalized in float32 meet values in half precision; torch's own call casts both."""
    family = ZOO[name]
    with torch.autocast("cpu", torch.bfloat16):
        found = check_compatibility(family.build(), num_images=1, **family.arguments)
    assert found.works, found.reason

"""Sites: found by measuring, silent until told, gone afterwards."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from diffusers.models.attention import BasicTransformerBlock
from torch.nn import functional

from fabric_widget.engine.attention.core import Loan, attend, blend, extrapolate
from fabric_widget.engine.attention.find_sites import find_sites
from fabric_widget.engine.attention.place import Borrowing, Place
from fabric_widget.engine.attention.site import Site
from fabric_widget.engine.errors import NoAttentionSites
from fabric_widget.engine.pipeline.restore import swapped
from fabric_widget.zoo import tiny

TOLERANCE = 1e-6


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class SelfAttention(torch.nn.Module):
    """Attention whose keys are the image, with text in front of or behind it where given."""

    def __init__(self, before: int = 0, after: int = 0) -> None:
        super().__init__()
        self.before, self.after = normal(1, 1, 1, before, 4), normal(2, 1, 1, after, 4)
        self.options: dict[str, Any] = {}
        self.first: Any = None

    def tokens(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat(
            [self.before.expand(len(x), -1, -1, -1), x, self.after.expand(len(x), -1, -1, -1)], 2
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.first is not None:
            self.first(x)
        joint = self.tokens(x)
        result: torch.Tensor = functional.scaled_dot_product_attention(
            joint, joint, joint, **self.options
        )
        return result


def site_of(module: SelfAttention, n: int = 6) -> Site:
    [place] = find_sites(module, lambda: module(normal(0, 2, 1, n, 4)))
    return Site(place)


def test_sites_of_a_unet_are_its_self_attentions() -> None:
    unet = tiny.unet()
    latents, text = normal(0, 2, 4, 8, 8), normal(1, 1, 5, tiny.WIDTH).expand(2, -1, -1)
    places = find_sites(unet, lambda: unet(latents, 10, text))
    blocks = [m for m in unet.modules() if isinstance(m, BasicTransformerBlock)]
    assert {place.module for place in places} == {block.attn1 for block in blocks}
    assert [place.tokens for place in places] == [64, 16, 16, 16, 16, 64, 64]
    assert {(place.before, place.after, place.ordinal) for place in places} == {(0, 0, 0)}


@pytest.mark.parametrize(("before", "after"), [(0, 0), (3, 0), (0, 3), (2, 1)])
def test_spans_of_image_keys(before: int, after: int) -> None:
    place = site_of(SelfAttention(before, after)).place
    assert (place.before, place.after, place.tokens) == (before, after, 6)
    assert place.span(10 + before + after) == slice(before, 10 + before)


def test_image_queries_between_a_text_of_any_length_and_sources() -> None:
    """What stands behind the picture is as long as when measured; the text in front need not be."""
    module = SelfAttention(before=2, after=3)
    place = site_of(module).place
    assert place.image_queries(2 + 6 + 3) == slice(2, 8)
    assert place.image_queries(5 + 6 + 3) == slice(5, 11)
    assert place.image_queries(1 + 6 + 3) == slice(1, 7)


def test_ordinal_of_the_call() -> None:
    module = SelfAttention()
    fixed = normal(3, 1, 1, 5, 4).expand(2, -1, -1, -1)
    module.first = lambda x: functional.scaled_dot_product_attention(x, fixed, fixed)
    assert site_of(module).place.ordinal == 1


def test_no_sites() -> None:
    linear = torch.nn.Linear(4, 4)
    with pytest.raises(NoAttentionSites, match=r"Linear has no self-attention .* 0 times"):
        find_sites(linear, lambda: linear(normal(0, 2, 4)))


def test_causal_attention_is_no_site() -> None:
    module = SelfAttention()
    module.options = {"is_causal": True}
    with pytest.raises(NoAttentionSites, match="1 times"):
        site_of(module)


def test_discovery_leaves_no_hooks() -> None:
    module = SelfAttention()
    with pytest.raises(ZeroDivisionError):
        find_sites(module, lambda: 1 // 0)
    assert not module._forward_hooks
    assert not module._forward_pre_hooks


def test_recording_keeps_the_image_part_and_changes_nothing() -> None:
    module = SelfAttention(2, 1)
    site, x = site_of(module), normal(5, 1, 1, 9, 4)
    plain = module(x)
    site.recording = True
    assert torch.equal(site.forward(x), plain)
    assert site.recorded is not None
    assert all(torch.equal(part, x) for part in site.recorded)


def test_idle_site_is_not_entered() -> None:
    module = SelfAttention()
    site, x = site_of(module), normal(5, 1, 1, 9, 4)
    assert torch.equal(site.forward(x), module(x))


def test_only_the_chosen_rows_borrow() -> None:
    module = SelfAttention()
    site, x, r = site_of(module), normal(5, 3, 1, 6, 4), normal(6, 1, 1, 8, 4)
    loan = Loan(r, r, math.log(0.7))
    site.borrowings = [Borrowing(slice(1, 2), [loan])]
    got, plain = site.forward(x), module(x)
    assert torch.equal(got[::2], plain[::2])
    assert torch.equal(got[1:2], blend(x[1:2], x[1:2], x[1:2], [loan]))
    assert not torch.allclose(got[1], plain[1])


@pytest.mark.parametrize("masked", [False, True])
def test_rows_move_away_from_what_they_shun(masked: bool) -> None:
    module = SelfAttention()
    if masked:
        module.options = {"attn_mask": torch.zeros(6, 6)}
    site, x, r = site_of(module), normal(5, 3, 1, 6, 4), normal(6, 1, 1, 8, 4)
    loan, shunned = Loan(r, r, math.log(0.7)), Loan(-r, r.flip(2), 0.0)
    site.borrowings = [Borrowing(slice(1, 2), [loan], [shunned], 3.0)]
    got, plain, own = site.forward(x), module(x), x[1:2]
    assert torch.equal(got[::2], plain[::2])
    positive, negative = (blend(own, own, own, [part]) for part in (loan, shunned))
    assert torch.allclose(got[1:2], extrapolate(positive, negative, 3.0), atol=1e-6)


def test_rows_that_a_processor_left_out_are_not_missed() -> None:
    site, x, r = site_of(SelfAttention()), normal(5, 2, 1, 6, 4), normal(6, 1, 1, 8, 4)
    loans = [Loan(r, r, 0.0)]
    site.borrowings = [Borrowing(slice(1, 3), loans), Borrowing(slice(3, 5), loans)]
    assert torch.equal(site.forward(x)[1:], blend(x[1:], x[1:], x[1:], loans))


@pytest.mark.parametrize(("before", "after"), [(3, 0), (0, 3), (2, 1)])
def test_only_image_queries_borrow(before: int, after: int) -> None:
    module = SelfAttention(before, after)
    site, x, r = site_of(module), normal(5, 1, 1, 6, 4), normal(6, 1, 1, 8, 4)
    loan = Loan(r, r, 0.0)
    site.borrowings = [Borrowing(slice(0, 1), [loan])]
    got, plain, joint = site.forward(x), module(x), module.tokens(x)
    assert torch.equal(got[:, :, :before], plain[:, :, :before])
    assert torch.equal(got[:, :, before + 6 :], plain[:, :, before + 6 :])
    whole = blend(joint, joint, joint, [loan])
    assert torch.allclose(got[:, :, before : before + 6], whole[:, :, before : before + 6])


@pytest.mark.parametrize(
    "mask",
    [
        torch.zeros(7, 7),
        torch.ones(1, 1, 1, 7, dtype=torch.bool),
        torch.zeros(3, 1, 7, 7),
    ],
)
def test_beside_a_mask(mask: torch.Tensor) -> None:
    """A mask that forbids nothing sends a site the other way round, to the same place."""
    module = SelfAttention(1)
    site, x, r = site_of(module), normal(5, 3, 1, 6, 4), normal(6, 1, 1, 8, 4)
    site.borrowings = [Borrowing(slice(1, 3), [Loan(r, r, -0.5)])]
    gated = site.forward(x)
    module.options = {"attn_mask": mask}
    assert (site.forward(x) - gated).abs().max() < TOLERANCE


def test_grouped_queries() -> None:
    q, kv, r = normal(0, 1, 4, 6, 8), normal(1, 1, 2, 6, 8), normal(2, 1, 2, 5, 8)

    class Grouped(torch.nn.Module):
        def forward(self) -> torch.Tensor:
            result: torch.Tensor = functional.scaled_dot_product_attention(
                q, kv, kv, enable_gqa=True
            )
            return result

    site = Site(Place(Grouped(), 0, 0, 0, 6))
    site.borrowings = [Borrowing(slice(0, 1), [Loan(r, r, -0.5)])]
    wide, wide_r = (x.repeat_interleave(2, 1) for x in (kv, r))
    expected = blend(q, wide, wide, [Loan(wide_r, wide_r, -0.5)])
    assert (site.forward() - expected).abs().max() < TOLERANCE


@torch.no_grad()
def test_a_picture_that_borrows_its_own_keys_stays_as_it_is() -> None:
    unet = tiny.unet()
    arguments = (normal(0, 1, 4, 8, 8), 10, normal(1, 1, 5, tiny.WIDTH))
    both = (normal(0, 2, 4, 8, 8), 10, arguments[2].expand(2, -1, -1))
    sites = [Site(place) for place in find_sites(unet, lambda: unet(*both))]
    plain = unet(*arguments).sample
    for site in sites:
        site.recording = True
        with swapped(site.place.module, site.forward):
            assert torch.equal(unet(*arguments).sample, plain)
        assert site.recorded is not None
        site.recording = False
        site.borrowings = [Borrowing(slice(0, 1), [Loan(*site.recorded, math.log(0.7))])]
    for site in sites:
        site.place.module.forward = site.forward
    assert (unet(*arguments).sample - plain).abs().max() < 10 * TOLERANCE


def test_attention_is_the_one_that_torch_calls() -> None:
    """The names and order of torch's parameters, which sites rely on."""
    x = normal(0, 1, 1, 3, 4)
    by_position = functional.scaled_dot_product_attention(x, x, x, None, 0.0, False)  # noqa: FBT003
    assert torch.equal(by_position, attend(x, x, x)[0])
    module = SelfAttention()
    site = site_of(module)
    site.borrowings = [Borrowing(slice(0, 1), [Loan(x, x, 0.0)])]
    module.options = {"attn_mask": None, "dropout_p": 0.0, "is_causal": False, "scale": 0.1}
    y = normal(1, 1, 1, 6, 4)
    assert torch.equal(site.forward(y), blend(y, y, y, [Loan(x, x, 0.0)], scale=0.1))

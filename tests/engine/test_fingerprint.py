"""Names for contents."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.fingerprint import derived_seed, digest, seed_of
from fabric_widget.engine.request import checked_seed


def test_equal_contents_equal_names() -> None:
    x = torch.arange(6.0).view(2, 3)
    assert digest(x) == digest(x.clone()) == digest(x.mT.contiguous().mT)
    assert len(digest(x)) == 32


def test_everything_counts() -> None:
    x = torch.arange(6.0)
    names = [
        digest(x),
        digest(x.view(2, 3)),
        digest(x.double()),
        digest(x + 1),
        digest(x, x),
        digest("x", x),
        digest("a", "b"),
        digest("ab"),
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int64, torch.bool])
def test_every_type(dtype: torch.dtype) -> None:
    assert digest(torch.ones(3, dtype=dtype)) != digest(torch.zeros(3, dtype=dtype))


def test_numbers_without_dimensions() -> None:
    assert digest(torch.tensor(1.0)) != digest(torch.tensor(2.0))


def test_views_are_named_by_what_they_show() -> None:
    x = torch.ones(1).expand(3)
    assert digest(x) == digest(torch.ones(3))
    assert digest(x[:1]) == digest(torch.ones(1))


def test_seeds_are_the_same_on_every_machine() -> None:
    assert seed_of("picture") == 6068561089364936232
    assert 0 <= seed_of("other") < 2**63
    torch.Generator().manual_seed(seed_of("other"))


@given(st.integers(0, 2**32 - 1), st.integers(0, 9))
def test_derived_seeds_count(seed: int, other: int) -> None:
    """A generator on the CPU tells them from each other and from the seed itself."""
    derived = [derived_seed(seed, i) for i in (other, other + 1)]
    assert all(0 <= d < 2**32 for d in derived)
    assert derived == [derived_seed(seed, i) for i in (other, other + 1)]
    drawn = {
        torch.randn(2, generator=torch.Generator().manual_seed(s)).sum().item()
        for s in (seed, *derived)
    }
    assert len(drawn) == 3


def test_seeds_that_a_generator_does_not_tell_apart_are_refused() -> None:
    drawn = [torch.randn(2, generator=torch.Generator().manual_seed(s)) for s in (5, 5 + 2**32)]
    assert torch.equal(*drawn)
    assert checked_seed(2**32 - 64) == 2**32 - 64
    with pytest.raises(ValueError, match="seed is 4294967296: give a whole number from 0 to"):
        checked_seed(2**32)

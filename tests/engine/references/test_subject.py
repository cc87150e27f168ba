"""Whether attention tells the subject is known before a subject is looked for."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fabric_widget.engine import BadReference
from fabric_widget.engine.references.subject import affinity, subject_mask, tells_subject

COUNTS = st.integers(1, 20).flatmap(lambda rows: st.integers(1, 20).map(lambda n: rows * n))
ASPECTS = st.sampled_from([1.0, 0.5, 2.0, 3.0, 0.1, 1.37])


def found(count: int, aspect: float) -> bool:
    """Look for a subject in the attention of so many places."""
    generator = torch.Generator().manual_seed(count)
    queries, keys = torch.randn(2, 1, 1, count, 4, generator=generator)
    try:
        subject_mask(affinity(queries, keys, aspect), aspect)
    except BadReference:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(COUNTS, ASPECTS)
def test_what_is_foretold_is_what_a_search_finds(count: int, aspect: float) -> None:
    assert tells_subject([count], aspect) == found(count, aspect)


@pytest.mark.parametrize(("count", "aspect"), [(1600, 1.0), (2048, 2.0), (1201, 1.0)])
def test_pooled_places_are_foretold_too(count: int, aspect: float) -> None:
    assert tells_subject([count], aspect) == found(count, aspect)


def test_the_level_that_is_searched_decides() -> None:
    assert tells_subject([4, 64, 4096], 1.0)
    assert not tells_subject([4, 4096], 1.0)

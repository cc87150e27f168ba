"""Every family builds and draws: its pictures follow the prompt and the seed, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from tests.engine.zoo import ZOO

if TYPE_CHECKING:
    from tests.engine.zoo import Family

DIFFERENT = 1e-3  # of the range of a pixel


def pictures(family: Family, prompt: str, *seeds: int) -> Any:
    """Return what a new pipeline draws, (pictures, height, width, 3)."""
    output = family.build()(
        prompt=prompt,
        num_images_per_prompt=len(seeds),
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        output_type="np",
        **family.arguments,
    )
    return np.asarray(output[0])


@pytest.mark.parametrize("family", ZOO.values(), ids=list(ZOO))
def test_a_picture_follows_prompt_and_seed(family: Family) -> None:
    before = torch.random.get_rng_state()
    first, second = made = pictures(family, "abc", 1, 2)
    assert np.isfinite(made).all()
    assert np.abs(first - second).max() > DIFFERENT
    assert np.abs(made - pictures(family, "xyz", 1, 2)).max() > DIFFERENT
    assert np.array_equal(made, pictures(family, "abc", 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())

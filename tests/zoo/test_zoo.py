"""Every family builds and draws: its pictures follow the prompt and the seed, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget.zoo import ZOO
from tests.engine.families import one_of_each_kind

if TYPE_CHECKING:
    from fabric_widget.zoo import Family

DIFFERENT = 1e-3  # of the range of a pixel


def _batches(seeds: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


def drawn(family: Family, prompt: str, seeds: tuple[int, ...]) -> Any:
    """Return what a new pipeline draws, (pictures, height, width, 3)."""
    pipe = family.build()
    with family.quiet():
        output = [
            pipe(
                prompt=prompt,
                num_images_per_prompt=len(batch),
                generator=[torch.Generator().manual_seed(seed) for seed in batch],
                output_type="np",
                **family.arguments,
            )[0]
            for batch in _batches(seeds, family.pictures)
        ]
    return np.concatenate(output)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # what pipelines of diffusers say
@pytest.mark.parametrize("name", one_of_each_kind())
def test_a_picture_follows_prompt_and_seed(name: str) -> None:
    family = ZOO[name]
    seeds = (1, 2)
    before = torch.random.get_rng_state()
    first, second = made = drawn(family, "abc", seeds)
    assert np.isfinite(made).all()
    assert np.abs(first - second).max() > DIFFERENT
    assert np.abs(made - drawn(family, "xyz", seeds)).max() > DIFFERENT
    assert np.array_equal(made, drawn(family, "abc", seeds))
    assert torch.equal(before, torch.random.get_rng_state())

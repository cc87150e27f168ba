"""Keys and values in eight bits: half the memory, nearly the same, and the same from the cache."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fabric_widget.engine import Everything, Fabric, Schedule
from fabric_widget.engine.attention.tokens import Lent
from fabric_widget.zoo import tiny

SETTINGS: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}


def lent(scale: float, dtype: torch.dtype) -> Lent:
    generator = torch.Generator().manual_seed(0)
    keys, values = torch.randn(2, 1, 3, 40, 8, generator=generator) * scale
    keys[..., 0, :] = 0  # a token that has nothing to say
    return Lent(keys.to(dtype), values.to(dtype), 40, 8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-2, 1.0, 300.0])
def test_no_number_is_off_by_more_than_half_a_step(scale: float, dtype: torch.dtype) -> None:
    whole = lent(scale, dtype)
    rounded = whole.rounded()
    assert rounded.keys.dtype == rounded.values.dtype == torch.int8
    restored = rounded.restored()
    for before, after in ((whole.keys, restored.keys), (whole.values, restored.values)):
        assert after.dtype == dtype
        step = before.float().abs().amax(-1, keepdim=True) / 127
        # Half a step, and what scales and products lose in the precision of the layer.
        most = (0.5 + 127 * 2 * torch.finfo(dtype).eps) * step
        assert bool(((before.float() - after.float()).abs() <= most * 1.01 + 1e-6).all())
    assert restored[2:] == whole[2:]


def test_it_takes_an_eighth_of_a_half_more_than_half() -> None:
    whole = lent(1, torch.float16)
    assert whole.rounded().nbytes == whole.nbytes * (1 / 2 + 1 / 8)  # eight channels a scale


def picture(bits: int, **more: Any) -> tuple[Fabric, list[torch.Tensor]]:
    fabric = Fabric(
        tiny.pipeline("SD 1"),
        plan=Everything(),
        schedule=Schedule(end=1.0),
        cache_bits=bits,
        **more,
    )
    liked = list(fabric("a cat", num_images=2, **SETTINGS))
    rounds = [fabric("a cat", num_images=1, seed=9, liked=liked, **SETTINGS) for _ in range(2)]
    return fabric, [made[0].latents for made in rounds]


@pytest.mark.parametrize("more", [{}, {"cache_bytes": 0}, {"cache_bytes": 0, "host_bytes": 2**24}])
def test_a_picture_is_nearly_the_same_and_does_not_depend_on_the_cache(more: Any) -> None:
    _, (exact, _) = picture(16)
    fabric, (first, later) = picture(8, **more)
    assert torch.equal(first, later)
    assert 0 < float((first - exact).abs().max() / exact.std()) < 0.01
    assert (fabric._cache.hits > 0) == (more != {"cache_bytes": 0})


def test_other_numbers_of_bits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cache_bits is 4: give 16 for .*, or 8"):
        Fabric(tiny.pipeline("SD 1"), cache_bits=4)

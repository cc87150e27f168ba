"""Packed latents and the way back, by the pipeline's own rule."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import Flux2Pipeline, FluxPipeline

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.pipeline.packing import pack, unpack

FLUX: Any = SimpleNamespace(_pack_latents=FluxPipeline._pack_latents)
FLUX_2: Any = SimpleNamespace(_pack_latents=Flux2Pipeline._pack_latents)
NONE: Any = SimpleNamespace()


@pytest.mark.parametrize(("height", "width"), [(4, 4), (2, 6), (8, 4)])
@pytest.mark.parametrize(("pipe", "channels"), [(FLUX, 16), (FLUX_2, 4), (NONE, 4)])
def test_there_and_back(pipe: Any, channels: int, height: int, width: int) -> None:
    latents = torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(0))
    packed = pack(pipe, latents, channels)
    assert packed.shape == (2, 4 * height * width // channels, channels)
    back = unpack(pipe, packed, 4, width / height)
    assert back is not None
    assert torch.equal(back, latents)


def test_it_is_the_pipelines_own_packing() -> None:
    latents = torch.randn(1, 4, 4, 6, generator=torch.Generator().manual_seed(0))
    own = FluxPipeline._pack_latents(latents, 1, 4, 4, 6)
    assert torch.equal(pack(FLUX, latents, 16), own)
    back = FluxPipeline._unpack_latents(own, 32, 48, 8)
    assert torch.equal(back, latents)


def test_no_way_to_pack() -> None:
    with pytest.raises(BadReference, match="only generated images"):
        pack(NONE, torch.zeros(1, 4, 4, 4), 16)
    assert unpack(NONE, torch.zeros(1, 4, 16), 4, 1.0) is None
    assert unpack(FLUX, torch.zeros(1, 5, 7), 4, 1.0) is None


def test_sides_that_do_not_fit() -> None:
    with pytest.raises(BadReference, match="cannot pack latents of 5 by 3"):
        pack(FLUX, torch.zeros(1, 4, 3, 5), 16)

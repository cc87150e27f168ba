"""The engine on a pretended CUDA device: whatever meets there is of that device."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fabric_widget.engine import Fabric, Lens, Part, Schedule, Vote
from fabric_widget.engine.attention import kernels
from fabric_widget.engine.attention.core import Loan, blend
from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.engine.references.cache import affordable_bytes
from fabric_widget.zoo import ZOO, tiny
from tests.gpu.pretended import pretended_cuda

FAMILIES = ["SD 1", "Flux", "SD 1 image-to-image"]
# What the device is pretended well enough for; the others are asked of a real one.
FURTHER = [
    "SDXL",
    "SD 3",
    "Flux true CFG",
    "SD 1 inpainting, 9 channels",
    "Qwen-Image",
    "Z-Image",
    "Lumina 2",
    "PixArt-α",
    "Chroma",
    "HiDream",
]
EVERY_STEP = Schedule(end=1.0)


@pytest.mark.parametrize(
    "name", [*FAMILIES, *(pytest.param(name, marks=pytest.mark.soak) for name in FURTHER)]
)
def test_a_pipeline_obeys_the_laws(name: str) -> None:
    family = ZOO[name]
    pipe = family.build()
    with family.quiet(), pretended_cuda() as device:
        pipe.to(device)
        found = check_compatibility(
            pipe, num_images=family.pictures, **family.arguments, **family.needs
        )
    assert found.works, found.reason


def test_two_devices_in_one_function_are_refused() -> None:
    with pretended_cuda() as device, pytest.raises(RuntimeError, match="same device"):
        torch.ones(2, device=device) + torch.ones(2)


def test_arrays_and_foreign_generators_are_refused() -> None:
    with pretended_cuda() as device:
        with pytest.raises(RuntimeError, match="generator"):
            torch.randn(2, device=device, generator=torch.Generator())
        with pytest.raises((RuntimeError, TypeError)):
            torch.ones(2, device=device).numpy()


@pytest.mark.parametrize("channels", [8, 36, 72, 264])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_gate_asks_kernels_for_what_they_take(channels: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    # Channels that do not lie beside each other, and keys that are shared by rows.
    q, k, v = normal(2, 2, channels, 37).mT, normal(1, 2, 21, channels), normal(1, 2, 21, channels)
    loan = Loan(normal(1, 2, 5, channels), normal(1, 2, 5, channels), -0.5)
    expected = blend(q, k, v, [loan])
    with pretended_cuda() as device:
        borrowed = Loan(loan.keys.to(device), loan.values.to(device), -0.5)
        made = blend(q.to(device), k.to(device), v.to(device), [borrowed]).cpu()
    assert made.shape == expected.shape
    assert float((made - expected).abs().max()) <= 8 * torch.finfo(dtype).eps * 4


def test_log_sum_exps_of_all_kernels_have_one_shape() -> None:
    q, k, v = torch.randn(3, 2, 3, 37, 64, dtype=torch.float16)
    _, expected = kernels.on_cpu(q, k, v, 0.1)
    with pretended_cuda() as device:
        for kernel in (kernels.flash, kernels.efficient, kernels.cudnn):
            _, lse = kernel(q.to(device), k.to(device), v.to(device), 0.1)
            assert torch.equal(lse.cpu(), expected)


VOTES: dict[str, Any] = {
    "disliked": lambda image: {"disliked": [image]},
    "subject": lambda image: {"liked": [Vote(image, part=Part("subject"))]},
    "colors": lambda image: {"liked": [Vote(image, aspect="colors")]},
    "upload": lambda image: {"liked": [image.image.resize((32, 16))]},
    "lens": lambda image: {"liked": [image], "lens": Lens()},
    "previews": lambda image: {"liked": [image], "on_step": lambda done: done.previews()},
}


@pytest.mark.parametrize("vote", VOTES)
def test_whatever_is_said_of_a_picture(vote: str) -> None:
    pipe = tiny.pipeline("SD 1", "Euler")
    settings: dict[str, Any] = {"num_images": 1, "num_inference_steps": 2, "guidance_scale": 3.0}
    with pretended_cuda() as device:
        pipe.to(device)
        fabric = Fabric(pipe, schedule=EVERY_STEP)
        (plain,) = fabric("a cat", seed=3, **settings)
        (made,) = fabric("a cat", seed=3, **VOTES[vote](fabric("a dog", **settings)[0]), **settings)
    assert not torch.equal(plain.latents, made.latents)


def test_what_does_not_fit_goes_to_the_host_and_comes_back() -> None:
    settings: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 3.0}
    pipe = tiny.pipeline("SD 1")
    with pretended_cuda() as device:
        pipe.to(device)
        whole = Fabric(pipe, schedule=EVERY_STEP)
        liked = list(whole("a cat", **settings))
        expected = whole("a cat", liked=liked, seed=7, **settings)
        small = Fabric(pipe, schedule=EVERY_STEP, cache_bytes=0, host_bytes=2**24)
        rounds = [small("a cat", liked=liked, seed=7, **settings) for _ in range(2)]
    assert small._cache.hits
    for made in rounds:
        for one, other in zip(expected, made, strict=True):
            assert torch.equal(one.latents, other.latents)


def test_the_cache_takes_a_quarter_of_what_the_process_may_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gib = 2**30
    with pretended_cuda() as device:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (100 * gib, 140 * gib))
        monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 6 * gib)
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 10 * gib)
        assert affordable_bytes(device, 0) == 26 * gib  # torch holds four that nothing uses
        assert affordable_bytes(device, 4 * gib) == 27 * gib
        share = 14 / 140
        monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda _: share)
        assert affordable_bytes(device, 0) == 2 * gib
        monkeypatch.delattr(torch.cuda, "get_per_process_memory_fraction")
        assert affordable_bytes(device, 0) == 26 * gib  # an older torch does not tell

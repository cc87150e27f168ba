"""Rounds of a tiny pipeline, and how two of them compare."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine import (
    Everything,
    Fabric,
    Round,
    Schedule,
    TokenBudget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}


EVERY_STEP = Schedule(end=1)


def published(pipe: Any, **settings: Any) -> Fabric:
    """Return a Fabric whose pictures all follow all votes, as FABRIC was published."""
    return Fabric(pipe, plan=Everything(), **settings)


def make(fabric: Fabric, **arguments: Any) -> Round:
    return fabric("a cat", **{"num_images": 2, "seed": 7, **SETTINGS, **arguments})


class _PastTorch:
    """An attention processor of another library: torch sees none of its attention."""

    def __call__(self, attn: Any, hidden: torch.Tensor, *_: Any, **kwargs: Any) -> torch.Tensor:
        del attn, kwargs
        return hidden


def unreachable(pipe: Any) -> Any:
    """Return a pipeline, changed so that nothing in it can take feedback."""
    for module in pipe.unet.modules():
        if hasattr(module, "set_processor"):
            module.set_processor(_PastTorch())
    return pipe


def latents_of(images: Any) -> torch.Tensor:
    return torch.stack([image.latents for image in images])


def pixels_of(images: Any) -> list[bytes]:
    return [image.image.tobytes() for image in images]


def same(a: Round, b: Round) -> bool:
    return torch.equal(latents_of(a), latents_of(b)) and pixels_of(a) == pixels_of(b)


def difference(a: Any, b: Any) -> float:
    return float((latents_of(a) - latents_of(b)).abs().max())


def bytes_of_tensors() -> int:
    """Return how much memory all tensors that somebody still holds have."""
    gc.collect()
    held = {
        found.untyped_storage().data_ptr(): found.untyped_storage().nbytes()
        for found in gc.get_objects()
        if type(found) in {torch.Tensor, torch.nn.Parameter}
    }
    return sum(held.values())


def picture(seed: int, width: int = 24, height: int = 16) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@contextmanager
def untouched(pipe: Any) -> Iterator[None]:
    """Fail unless the pipeline and the global random state are the same afterwards."""
    modules = list(pipe.unet.modules())

    def state() -> list[Any]:
        return [
            [vars(m).get("forward") for m in modules],
            [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in modules],
            [bool(m.training) for m in modules],
            sorted(vars(pipe.scheduler)),
            dict(pipe._progress_bar_config),
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # type: ignore[index]  # noqa: NPY002  (the global state is what must not move)
        ]

    weights = {name: x.clone() for name, x in pipe.unet.state_dict().items()}
    before = state()
    yield
    assert state() == before
    assert all(torch.equal(weights[name], x) for name, x in pipe.unet.state_dict().items())


THIN = TokenBudget(dense=16)

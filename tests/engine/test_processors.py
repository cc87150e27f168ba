"""Attention processors that do not call torch's attention: feedback acts, the rest is as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from diffusers.models import attention_dispatch, attention_processor
from diffusers.models.attention_processor import AttnProcessor, XFormersAttnProcessor

from fabric_widget.engine.plans import Recipe
from fabric_widget.engine.votes.votes import read_votes
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import EVERY_STEP, SETTINGS, latents_of, published

if TYPE_CHECKING:
    from collections.abc import Callable


FOLDED = 3  # dimensions of tensors with heads in the batch


def classic(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    pipe.unet.set_attn_processor(AttnProcessor())


def sliced(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    pipe.enable_attention_slicing(1)


def by_hand(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **_: object
) -> torch.Tensor:
    """Stand for a kernel of another library, (B, N, D) or (B, N, H, D)."""
    heads = query.dim() > FOLDED
    q, k, v = (x.transpose(1, 2) if heads else x for x in (query, key, value))
    out: torch.Tensor = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
    return out.transpose(1, 2) if heads else out


def xformers(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(ops=SimpleNamespace(memory_efficient_attention=by_hand))
    monkeypatch.setattr(attention_processor, "xformers", library, raising=False)
    pipe.unet.set_attn_processor(XFormersAttnProcessor())


def fed(pipe: Any, **arguments: Any) -> torch.Tensor:
    """Return two pictures, the second of which borrows."""
    fabric = published(pipe)
    ours: dict[str, Any] = {"num_images": 2, "seed": 3, "schedule": EVERY_STEP, **arguments}
    [liked] = fabric("a cat", **{**ours, "num_images": 1, "seed": 9})
    plan = [Recipe(), Recipe(liked=read_votes([liked], []).liked)]
    plain = latents_of(fabric("a cat", **ours))
    made = latents_of(fabric("a cat", plan=plan, **ours))
    assert torch.equal(made[0], plain[0])
    assert (made[1] - plain[1]).abs().max() > 1e-3 * plain.std()
    assert torch.equal(latents_of(fabric("a cat", **ours)), plain)
    return made


@pytest.mark.parametrize("change", [classic, sliced, xformers])
def test_processors_of_unets(
    change: Callable[[Any, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as with torch's; the picture without votes is untouched to the bit."""
    pipe = tiny.pipeline()
    expected = fed(pipe, **SETTINGS)
    change(pipe, monkeypatch)
    processors = dict(pipe.unet.attn_processors)
    made = fed(pipe, **SETTINGS)
    assert (made - expected).abs().max() < 1e-4 * expected.std()
    assert pipe.unet.attn_processors == processors


def test_another_attention_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of another library, chosen by diffusers' own registry."""
    registry, names = attention_dispatch._AttentionBackendRegistry, attention_dispatch
    monkeypatch.setitem(registry._backends, names.AttentionBackendName.SAGE, by_hand)
    monkeypatch.setitem(
        registry._supported_arg_names,
        names.AttentionBackendName.SAGE,
        {"query", "key", "value"},
    )
    family = ZOO["Flux"]
    pipe = family.build()
    expected = fed(pipe, **family.arguments)
    for module in pipe.transformer.modules():
        if hasattr(getattr(module, "processor", None), "_attention_backend"):
            module.processor._attention_backend = names.AttentionBackendName.SAGE
    made = fed(pipe, **family.arguments)
    assert (made - expected).abs().max() < 1e-4 * expected.std()

"""A name for a denoiser: equal architectures with equal weights have equal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from fabric_widget.engine.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SAMPLED = 64  # values of each parameter


def identity_of(model: torch.nn.Module) -> str:
    """Return a digest of a denoiser: its class, its parameters' names and shapes, signs of values.

    Signs survive a change of precision, and training flips some of many. So the digest depends
    neither on the device nor on the precision; adapters and quantised weights change it. Weights
    that are elsewhere (offloaded, on the meta device) do not count.

    Parameters
    ----------
    model
        The denoiser itself, not a compiled wrapper.
    """
    named = list(model.named_parameters())
    form = [f"{name} {tuple(x.shape)}" for name, x in named]
    signs = torch.cat([torch.zeros(0, dtype=torch.bool), *_signs(x for _, x in named)])
    return digest(type(model).__name__, "\n".join(form), signs)


def _signs(parameters: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    for x in parameters:
        if not x.is_meta and x.numel():
            flat = x.detach().flatten()
            at = torch.linspace(0, len(flat) - 1, min(_SAMPLED, len(flat)), dtype=torch.float64)
            yield flat[at.long().to(flat.device)].float().signbit().cpu()

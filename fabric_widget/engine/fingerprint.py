"""Digests: equal bytes have equal names on every machine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = 16  # bytes: no two contents will ever share a name
_SEED_LIMIT = 2**63  # what a torch generator takes


def digest(*parts: torch.Tensor | str) -> str:
    """Return a hexadecimal digest of texts and tensors (their shapes, types and bytes)."""
    digester = hashlib.blake2b(digest_size=_LENGTH)
    for part in _flattened(parts):
        digester.update(len(part).to_bytes(8, "little"))
        digester.update(part)
    return digester.hexdigest()


def seed_of(name: str) -> int:
    """Return a seed for a torch generator, derived from `name` alone."""
    return int(digest(name), 16) % _SEED_LIMIT


def derived_seed(*entropy: int) -> int:
    """Return a seed that has nothing to do with those of other numbers, from 0 to 2³² - 1.

    Generators on the CPU use the low 32 bits of a seed only, so seeds are not told apart by adding
    a large number. These are mixed by numpy's `SeedSequence`.
    """
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint32)[0])


def _flattened(parts: Iterable[torch.Tensor | str]) -> Iterable[bytes]:
    for part in parts:
        if isinstance(part, str):
            yield part.encode()
        else:
            yield f"{tuple(part.shape)} {part.dtype}".encode()
            flat = part.detach().cpu().flatten().clone(memory_format=torch.contiguous_format)
            yield flat.view(torch.uint8).numpy().tobytes()

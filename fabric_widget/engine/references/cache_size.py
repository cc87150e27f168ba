"""How much memory keys and values of references take, by arithmetic.

A reference is kept as the keys and values of each of its tokens in each layer, once for each step
of its window. A budget keeps one of `stride` tokens in dense layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fabric_widget.engine.attention.token_budget import TokenBudget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine.schedule import Schedule

_HALF = 2  # bytes of a number in half precision


class LayerSize(NamedTuple):
    """One or more attention layers of the same size.

    Parameters
    ----------
    number
        How many.
    tokens
        Of the picture.
    channels
        Of a token's key, all heads together; of its value as many.
    """

    number: int
    tokens: int
    channels: int


def step_bytes(
    layers: Sequence[LayerSize],
    token_budget: TokenBudget | None = None,
    element_bytes: float = _HALF,
) -> float:
    """Return the bytes that one reference takes at one step.

    Parameters
    ----------
    layers
        The attention sites of the denoiser at the size of the reference.
    token_budget
        The run's; the usual one by default.
    element_bytes
        Of one number: 2 in half precision.
    """
    budget = token_budget or TokenBudget()
    return (
        sum(
            layer.number * 2 * layer.tokens / budget.recorded_stride(layer.tokens) * layer.channels
            for layer in layers
        )
        * element_bytes
    )


def cache_bytes(
    layers: Sequence[LayerSize],
    references: int,
    steps: int,
    schedule: Schedule,
    token_budget: TokenBudget | None = None,
    element_bytes: float = _HALF,
) -> float:
    """Return the bytes that all references take at all steps: what a later round finds.

    Parameters
    ----------
    layers, token_budget, element_bytes
        As for `step_bytes`.
    references
        How many.
    steps
        Of the denoiser; those outside of the window of the `schedule` keep nothing.
    schedule
        The run's.
    """
    every = (token_budget or TokenBudget()).every
    kept = {i - i % every for i in range(steps) if schedule.weight(i, steps) > 0}
    return step_bytes(layers, token_budget, element_bytes) * references * len(kept)


SD15_512 = (
    LayerSize(5, 4096, 320),
    LayerSize(5, 1024, 640),
    LayerSize(5, 256, 1280),
    LayerSize(1, 64, 1280),
)
"""Stable Diffusion 1.5 at 512 × 512 pixels."""
SDXL_1024 = (LayerSize(10, 4096, 640), LayerSize(60, 1024, 1280))
"""SDXL at 1024 × 1024 pixels."""
FLUX_1024 = (LayerSize(57, 4096, 3072),)
"""Flux-dev at 1024 × 1024 pixels."""

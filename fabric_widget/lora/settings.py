"""Settings of baking: how much is learnt, and from what."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS, _RANKS, _PICTURES = range(1, 100_001), range(1, 257), range(1, 65)


@dataclass(frozen=True, kw_only=True)
class LoRASettings:
    """How a LoRA learns.

    Parameters
    ----------
    steps
        Steps of training, 1 … 100,000.
    rank
        Of the weights beside each layer, 1 … 256: the size of the file grows with it.
    learning_rate
        Of AdamW, above 0 … 1. It rises over the first steps and falls towards the end.
    pictures
        How many pictures the lessons are taken from, 1 … 64.
    batch_size
        How many pictures are made at a time for the lessons, and how many a step learns from.
    layers
        Ends of the names of layers that learn, such as ``("to_v", "to_out.0")``; by default every
        projection of the attention.
    emphasis
        What the weights are multiplied by in the end, above 0 … 4: what is learnt from a mean of
        squares falls short of what was taught.
    patience
        After how many looks at held-out lessons without progress it stops; 0 never looks.
    checkpointing
        Whether activations are computed twice instead of kept, which needs much less memory. By
        default on an accelerator, if the denoiser can.
    seed
        Of everything random, 0 or more: the same seed learns the same.

    Raises
    ------
    ValueError
        A number is out of range.
    """

    steps: int = 100
    rank: int = 4
    learning_rate: float = 4e-3
    pictures: int = 20
    batch_size: int = 4
    layers: tuple[str, ...] = ()
    emphasis: float = 1.4
    patience: int = 3
    checkpointing: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, allowed in (
            ("steps", _STEPS),
            ("rank", _RANKS),
            ("pictures", _PICTURES),
            ("batch_size", _PICTURES),
            ("patience", range(1001)),
            ("seed", range(2**32)),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or value not in allowed:
                message = f"{name} is {value!r}: give {allowed[0]} to {allowed[-1]}"
                raise ValueError(message)
        if not 0 < self.emphasis <= 4:  # noqa: PLR2004  (more is noise)
            message = f"emphasis is {self.emphasis!r}: give a number above 0, up to 4"
            raise ValueError(message)
        rate = self.learning_rate
        if not (math.isfinite(rate) and 0 < rate <= 1):
            message = f"learning_rate is {rate!r}: give a number above 0, up to 1"
            raise ValueError(message)

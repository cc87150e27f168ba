"""Token budget: how many tokens references lend, and at which steps they are computed.

Keys close to each other say nearly the same, so a thinned reference whose keys count as many times
more lends nearly what the whole one does, for a fraction of the arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine.attention.tokens import Lent


@dataclass(frozen=True, kw_only=True)
class TokenBudget:
    """How many tokens references lend, to save time and memory.

    With the defaults one or two references are lent whole to layers of fewer than 1024 tokens.

    Parameters
    ----------
    stride
        Dense layers are lent one of so many tokens of each reference, 1 or more.
    dense
        From how many tokens on a layer is dense, 1 or more.
    share
        All references of one branch together lend a dense layer at most so many times the picture's
        own tokens, and another layer twice as many; more than 0.
    every
        References are computed anew at one of so many steps, 1 or more, and lend the same in
        between.

    Raises
    ------
    ValueError
        A setting is out of its range.
    """

    stride: int = 4
    dense: int = 1024
    share: float = 1.0
    every: int = 1

    def __post_init__(self) -> None:
        """Raise an error for a setting out of its range."""
        for name in ("stride", "dense", "every"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                message = f"{name} is {value!r}: give a whole number of at least 1"
                raise ValueError(message)
        if not self.share > 0:  # NaN fails too
            message = f"share is {self.share!r}: give a number above 0"
            raise ValueError(message)

    @classmethod
    def exact(cls) -> TokenBudget:
        """Return the budget without savings: every token of every reference at every step."""
        return cls(stride=1, share=math.inf)

    def recorded_stride(self, tokens: int) -> int:
        """Return the stride at which the `tokens` of a layer are recorded."""
        return self.stride if tokens >= self.dense else 1

    def thinned(self, lent: Sequence[Lent], tokens: int, index: int) -> list[Lent]:
        """Return the tokens that the references of one branch lend to a layer, within the budget.

        Parameters
        ----------
        lent
            What each has recorded.
        tokens
            The picture's own in this layer.
        index
            Number of the step: in the next one other tokens are lent.
        """
        limit = tokens * self.share * (1 if tokens >= self.dense else 2)
        offered = sum(part.keys.shape[-2] for part in lent)
        stride = max(math.ceil(offered / limit), 1)
        return [part.thinned(stride, index) for part in lent]

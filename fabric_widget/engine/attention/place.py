"""One attention call: its arguments, where in the denoiser it is made, what its rows borrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.attention.core import extrapolate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from fabric_widget.engine.attention.core import Loan


@dataclass(frozen=True)
class Attention:
    """The arguments of one call of `scaled_dot_product_attention`, by name.

    In `linear` attention the products of queries and keys count as they are; the last channel of
    the values is one.
    """

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    attn_mask: torch.Tensor | None = None
    dropout_p: float = 0.0
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False
    linear: bool = False


@dataclass(frozen=True)
class Place:
    """Position of the image keys: module, call within its forward, range of tokens.

    Parameters
    ----------
    module
        The innermost module whose forward makes the call.
    ordinal
        Number of the call within that forward, from 0; those of one kind are counted.
    before, after
        Numbers of keys in front of and behind the image's (those of text, in joint attention).
    tokens
        Number of image keys when measured.
    asking
        Numbers of queries in front of, of and behind the image, or None if all are the image's.
    linear
        Whether the attention is linear.
    """

    module: torch.nn.Module
    ordinal: int
    before: int
    after: int
    tokens: int
    asking: tuple[int, int, int] | None = None
    linear: bool = False

    def span(self, length: int) -> slice:
        """Return the image's range within `length` keys."""
        return slice(self.before, length - self.after)

    def image_queries(self, length: int) -> slice:
        """Return the image's range within `length` queries, for an image of the measured size.

        The text may be longer or shorter now, so the image is found from its own end. Where tokens
        stand on both of its sides, those behind are of source pictures, which are the same now.
        """
        if self.asking is None:
            return slice(None)
        before, tokens, after = self.asking
        if before == 0:
            return slice(0, min(tokens, length))
        if after == 0:
            return slice(max(length - tokens, 0), length)
        return slice(max(length - after - tokens, 0), length - after)


@dataclass(frozen=True)
class Borrowing:
    """Rows of the batch and the loans that they attend to.

    Parameters
    ----------
    rows
        A part of the batch.
    loans
        What it borrows.
    shunned
        Loans to be moved away from, where no unconditional rows could borrow them.
    push
        How far: the scale of `extrapolate`.
    """

    rows: slice
    loans: Sequence[Loan]
    shunned: Sequence[Loan] = ()
    push: float = 0.0

    def applied(self, attended: Callable[[Sequence[Loan]], torch.Tensor]) -> torch.Tensor:
        """Return the attention of `attended` to the loans, moved away from the shunned ones."""
        positive = attended(self.loans)
        if not self.shunned:
            return positive
        return extrapolate(positive, attended(self.shunned), self.push)

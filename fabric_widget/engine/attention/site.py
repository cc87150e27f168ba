"""A site: one self-attention call that records its keys and values, or borrows those of references.

It acts at the call of `scaled_dot_product_attention`: there queries, keys and values already
contain adapters, fused projections, normalisation, rotary positions and text tokens, so nothing of
any model or attention processor is written again. Each site is a `TorchFunctionMode` of its own,
entered only inside the forward of its module: a mode shared by several modules would be wrong
around compiled models. What to borrow, and how strongly, is set from outside.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch.nn import functional
from torch.overrides import TorchFunctionMode

from fabric_widget.engine.attention.core import (
    attend,
    borrow,
    concatenate,
    has_log_sum_exp,
)
from fabric_widget.engine.attention.place import Attention

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from fabric_widget.engine.attention.place import Borrowing, Place

    KeysValues = tuple[torch.Tensor, torch.Tensor]


class Site(TorchFunctionMode):
    """One self-attention call that can record its keys and values, or attend to references.

    Attributes
    ----------
    recording
        Whether the next forward keeps its image keys and values in `recorded`.
    recorded
        Keys and values, (B, H, M, D) each: parts of the layer's own tensors.
    queries
        Of the image, (B, H, N, D), of the forward that was recorded.
    borrowings
        What each part of the batch borrows in the next forward.
    observe
        Told the arguments of the call in the next forward that borrows, or None.
    lent
        Whether anything was borrowed since this was last set to False.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.recording = False
        self.recorded: KeysValues | None = None
        self.queries: torch.Tensor | None = None
        self.borrowings: Sequence[Borrowing] = ()
        self.observe: Callable[[Attention], object] | None = None
        self.lent = False
        self._inner: Callable[..., Any] = place.module.forward
        self._calls = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any module's)
        """Run the module's forward, inside this mode if there is anything to record or lend."""
        if not self.recording and not self.borrowings:
            return self._inner(*args, **kwargs)
        self._calls = 0
        with self:
            return self._inner(*args, **kwargs)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the result of any torch function)
        """Record or blend at this site's attention call; pass every other function through."""
        del types
        kwargs = kwargs or {}
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **kwargs)
        self._calls += 1
        if self._calls != self.place.ordinal + 1:
            return func(*args, **kwargs)
        call = Attention(*args, **kwargs)
        self.lent = not self.recording
        if self.recording:
            span = self.place.span(call.key.shape[-2])
            self.recorded = (call.key[:, :, span], call.value[:, :, span])
            self.queries = call.query[:, :, self.place.image_queries(call.query.shape[-2])]
            return func(*args, **kwargs)
        if self.observe is not None:
            self.observe(call)
        if call.attn_mask is None and not call.enable_gqa and has_log_sum_exp(call.query):
            return self._gated(call)
        return self._concatenated(call, func(*args, **kwargs))

    def _gated(self, call: Attention) -> torch.Tensor:
        out, lse = attend(call.query, call.key, call.value, call.scale)
        for part, borrowing in self._parts(call):
            out[part] = borrowing.applied(
                functools.partial(borrow, out[part], lse[part], call.query[part], scale=call.scale)
            )
        return out

    def _concatenated(self, call: Attention, out: torch.Tensor) -> torch.Tensor:
        out, mask = out.clone(), call.attn_mask
        if mask is not None:
            mask = mask.expand(*call.query.shape[:-1], call.key.shape[-2])
        for part, borrowing in self._parts(call):
            out[part] = borrowing.applied(
                functools.partial(
                    concatenate,
                    call.query[part],
                    call.key[part[0]],
                    call.value[part[0]],
                    scale=call.scale,
                    mask=None if mask is None else mask[part],
                    enable_gqa=call.enable_gqa,
                )
            )
        return out

    def _parts(self, call: Attention) -> list[tuple[tuple[slice, slice, slice], Borrowing]]:
        """Return the index of the borrowing queries, clipped to the rows that are present."""
        queries = self.place.image_queries(call.query.shape[-2])
        present = call.query.shape[0]
        return [
            ((slice(b.rows.start, min(b.rows.stop, present)), slice(None), queries), b)
            for b in self.borrowings
            if b.rows.start < present
        ]

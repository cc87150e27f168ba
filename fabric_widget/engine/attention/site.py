"""A site: one self-attention call that records its keys and values, or borrows those of references.

It acts at the attention call itself: there queries, keys and values already
contain adapters, fused projections, normalisation, rotary positions and text tokens, so nothing of
any model or attention processor is written again. Each site is a `TorchFunctionMode` of its own,
entered only inside the forward of its module: a mode shared by several modules would be wrong
around compiled models. What to borrow, and how strongly, is set from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from fabric_widget.engine.attention.calls import LinearReader, blended, read_softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from fabric_widget.engine.attention.calls import Part
    from fabric_widget.engine.attention.place import Attention, Borrowing, Place

    KeysValues = tuple[torch.Tensor, torch.Tensor]


class Site(TorchFunctionMode):
    """One self-attention call that can record its keys and values, or attend to references.

    Parameters
    ----------
    place
        Which call.
    reachable
        Returns a context in which the module makes the call, where it is out of reach by itself.

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

    def __init__(
        self, place: Place, reachable: Callable[[], AbstractContextManager[None]] | None = None
    ) -> None:
        super().__init__()
        self.place = place
        self.recording = False
        self.recorded: KeysValues | None = None
        self.queries: torch.Tensor | None = None
        self.borrowings: Sequence[Borrowing] = ()
        self.observe: Callable[[Attention], object] | None = None
        self.lent = False
        self._inner: Callable[..., Any] = place.module.forward
        self._reachable = reachable
        self._read: Any = read_softmax
        self._calls = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any module's)
        """Run the module's forward, inside this mode if there is anything to record or lend."""
        if not self.recording and not self.borrowings:
            return self._inner(*args, **kwargs)
        self._calls, self._read = 0, LinearReader() if self.place.linear else read_softmax
        if self._reachable is None:
            with self:
                return self._inner(*args, **kwargs)
        out = None if self.recording else self._inner(*args, **kwargs)
        with self._reachable(), self:
            blended_out = self._inner(*args, **kwargs)
        return blended_out if self.recording else self._joined(out, blended_out)

    def _joined(self, out: Any, blended_out: Any) -> Any:  # noqa: ANN401  (a module's output)
        """Return a module's output with the rows that borrow from another one."""
        if isinstance(out, tuple):
            return tuple(self._joined(*pair) for pair in zip(out, blended_out, strict=True))
        if not isinstance(out, torch.Tensor):
            return out
        joined = out.clone()
        for borrowing in self.borrowings:
            joined[borrowing.rows] = blended_out[borrowing.rows]
        return joined

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the result of any torch function)
        """Record or blend at this site's attention call; pass every other function through."""
        del types
        call, made = self._read(func, args, kwargs or {})

        def plain() -> Any:  # noqa: ANN401  (as above)
            return func(*args, **(kwargs or {})) if made is None else made

        self._calls += call is not None
        if call is None or self._calls != self.place.ordinal + 1:
            return plain()
        self.lent = not self.recording
        if self.recording:
            span = self.place.span(call.key.shape[-2])
            self.recorded = (call.key[:, :, span], call.value[:, :, span])
            self.queries = call.query[:, :, self.place.image_queries(call.query.shape[-2])]
            return plain()
        if self.observe is not None:
            self.observe(call)
        return blended(call, self._parts(call), plain)

    def _parts(self, call: Attention) -> list[Part]:
        """Return the index of the borrowing queries, clipped to the rows that are present."""
        queries = self.place.image_queries(call.query.shape[-2])
        present = call.query.shape[0]
        return [
            ((slice(b.rows.start, min(b.rows.stop, present)), slice(None), queries), b)
            for b in self.borrowings
            if b.rows.start < present
        ]

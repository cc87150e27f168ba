"""Self-attention layers as sites that can record their keys and values, or borrow others.

A site acts at the call of `scaled_dot_product_attention`: there queries, keys and values already
contain adapters, fused projections, normalisation, rotary positions and text tokens, so nothing of
any model or attention processor is written again. The mode that sees the call is one per module:
it is entered only inside that module's forward, and its state belongs to that module alone.

Which layers are sites is measured, not listed: see `discover`. Weights and schedules are not known
here; a site is told what to borrow.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from fabric_widget.engine.attention.core import (
    attend,
    borrow,
    concatenate,
    extrapolate,
    has_log_sum_exp,
)
from fabric_widget.engine.errors import NoAttentionSites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.utils.hooks import RemovableHandle

    from fabric_widget.engine.attention.core import Loan

    KeysValues = tuple[torch.Tensor, torch.Tensor]

_FOUR_DIMENSIONS = 4  # (batch, heads, tokens, channels)
_PROBED_ROWS = 2


@dataclass(frozen=True)
class Attention:
    """The arguments of one call of `scaled_dot_product_attention`, by name."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    attn_mask: torch.Tensor | None = None
    dropout_p: float = 0.0
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False


@dataclass(frozen=True)
class Borrowing:
    """Rows of the batch and the loans that they borrow.

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
        """Return the output of `attended`, which is attention to own and to given keys."""
        positive = attended(self.loans)
        if not self.shunned:
            return positive
        return extrapolate(positive, attended(self.shunned), self.push)


@dataclass(frozen=True)
class Place:
    """Where image keys stand: in which call of which module, and between which others.

    Parameters
    ----------
    module
        The innermost module whose forward makes the call.
    ordinal
        Number of the call within that forward, from 0.
    before, after
        Numbers of keys in front of and behind the image's (those of text, in joint attention).
    tokens
        Number of image keys when measured.
    asking
        Numbers of queries in front of, of and behind the image, or None if all are the image's.
    """

    module: torch.nn.Module
    ordinal: int
    before: int
    after: int
    tokens: int
    asking: tuple[int, int, int] | None = None

    def span(self, length: int) -> slice:
        """Return the image's part of `length` keys beside the text that it was measured with."""
        return slice(self.before, length - self.after)

    def image_queries(self, length: int) -> slice:
        """Return the part of `length` queries of an image as large as the one measured.

        The text may be longer or shorter now, so the image is found from its own end.
        """
        if self.asking is None:
            return slice(None)
        before, tokens, after = self.asking
        if before == 0:
            return slice(0, min(tokens, length))
        if after == 0:
            return slice(max(length - tokens, 0), length)
        return slice(before, length - after)


class Site(TorchFunctionMode):
    """One self-attention call of a denoiser that can record or borrow; idle until told.

    Attributes
    ----------
    recording
        Whether the next forward keeps its image keys and values in `recorded`.
    recorded
        Keys and values, (B, H, M, D) each: parts of the layer's own tensors.
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
        self.borrowings: Sequence[Borrowing] = ()
        self.observe: Callable[[Attention], object] | None = None
        self.lent = False
        self._inner: Callable[..., Any] = place.module.forward
        self._calls = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any module's)
        """Run the module's forward, seen by this site if it has anything to do."""
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
        """Act at the site's own attention call; leave every other function alone."""
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
        """Return what borrows, as an index of queries; a processor may have left out last rows."""
        queries = self.place.image_queries(call.query.shape[-2])
        present = call.query.shape[0]
        return [
            ((slice(b.rows.start, min(b.rows.stop, present)), slice(None), queries), b)
            for b in self.borrowings
            if b.rows.start < present
        ]


@dataclass
class _Probe(TorchFunctionMode):
    """Notes every attention call whose keys differ between two rows under equal conditioning."""

    stack: list[torch.nn.Module] = field(default_factory=list)
    calls: dict[torch.nn.Module, int] = field(default_factory=dict)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the result of any torch function)
        del types
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention and self.stack:
            module = self.stack[-1]
            ordinal = self.calls.get(module, 0)
            self.calls[module] = ordinal + 1
            self._note(module, ordinal, Attention(*args, **kwargs))
        return func(*args, **kwargs)

    def _note(self, module: torch.nn.Module, ordinal: int, call: Attention) -> None:
        key, query = call.key, call.query
        if key.dim() != _FOUR_DIMENSIONS or key.shape[0] != _PROBED_ROWS or call.is_causal:
            return
        if torch.equal(*key) or any(place.module is module for place in self.places):
            return
        length, asked = key.shape[-2], query.shape[-2]
        start, stop = self._span(key)
        first, last = (start, stop) if asked == length else self._span(query)
        asking = None if last - first == asked else (first, last - first, asked - last)
        self.places.append(Place(module, ordinal, start, length - stop, stop - start, asking))

    def _span(self, tokens: torch.Tensor) -> tuple[int, int]:
        """Return between which tokens the two rows differ.

        Text tokens read the image, so from the second joint layer on they differ too: the first
        layer that sees so many tokens tells which of them are the image's.
        """
        length = tokens.shape[-2]
        differing = (tokens[0] != tokens[1]).any(-1).any(0).nonzero()
        span = (int(differing.min()), int(differing.max()) + 1) if len(differing) else (0, length)
        return self.spans.setdefault(length, span)

    def enter(self, module: torch.nn.Module, args: object) -> None:
        del args
        self.stack.append(module)

    def leave(self, module: torch.nn.Module, args: object, output: object) -> None:
        del module, args, output
        self.stack.pop()


def discover(denoiser: torch.nn.Module, call: Callable[[], object]) -> list[Place]:
    """Find the self-attention calls of a denoiser by measuring.

    A key that differs between two rows of different latents under equal conditioning is an image
    key: keys of cross-attention and of text do not differ.

    Parameters
    ----------
    denoiser
        The model whose modules are watched while `call` runs.
    call
        Runs the model once, on two rows.

    Returns
    -------
    list of Place
        In order of execution.

    Raises
    ------
    NoAttentionSites
        No attention call had such keys.
    """
    probe = _Probe()
    with ExitStack() as undo:
        for module in denoiser.modules():
            handles: tuple[RemovableHandle, ...] = (
                module.register_forward_pre_hook(probe.enter),
                module.register_forward_hook(probe.leave, always_call=True),
            )
            for handle in handles:
                undo.callback(handle.remove)
        undo.enter_context(probe)
        call()
    if not probe.places:
        raise NoAttentionSites(_explain(denoiser, sum(probe.calls.values())))
    return probe.places


def _explain(denoiser: torch.nn.Module, calls: int) -> str:
    return (
        f"{type(denoiser).__name__} has no self-attention that Fabric can reach: in one pass it "
        f"called torch's scaled_dot_product_attention {calls} times, never with keys that depend "
        "on the picture. Usual causes and cures: "
        "xformers: pipe.disable_xformers_memory_efficient_attention(); "
        "sliced attention: pipe.disable_attention_slicing(); "
        "an older attention processor (AttnProcessor): "
        "pipe.unet.set_attn_processor(AttnProcessor2_0()); "
        "another attention backend: reset_attention_backend() on the denoiser; "
        "linear attention has no keys to borrow and cannot be used with feedback."
    )

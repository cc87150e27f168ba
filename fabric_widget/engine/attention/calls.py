"""Attention calls as torch sees them: recognized while a module's forward runs, and blended.

Softmax attention is one function of torch's. Linear attention (arXiv 2006.16236) is two products:
the sum over all tokens of values times keys, with a row of ones below the values for the sum of
keys alone; and that sum times each query. A reference's tokens join such a sum with their weight:

    out = (Σ v kᵀ + Σ w v_r k_rᵀ) q / (Σ k + Σ w k_r)ᵀ q

exactly what they do to softmax attention, with k·q in the place of exp(k·q).
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from fabric_widget.engine.attention.core import attend, borrow, concatenate
from fabric_widget.engine.attention.kernels import has_log_sum_exp
from fabric_widget.engine.attention.place import Attention

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.engine.attention.core import Loan
    from fabric_widget.engine.attention.place import Borrowing

    Part = tuple[tuple[slice, slice, slice], Borrowing]  # an index of queries, and what they borrow
    # The call if it is one, and what torch made of it if that is known.
    Read = tuple[Attention | None, torch.Tensor | None]

_PRODUCTS = (torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__)
_FOUR_DIMENSIONS = 4  # (batch, heads, …)
_LEAST = 1e-15  # of a sum of keys: queries may be zero


def read_softmax(func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Read:
    """Return the arguments of a call of torch's softmax attention, without making it."""
    if func is not functional.scaled_dot_product_attention:
        return None, None
    return _autocast(Attention(*args, **kwargs)), None


def _autocast(call: Attention) -> Attention:
    """Return a call in the precision that autocast gives it: kernels want one type for all."""
    kind = call.query.device.type
    if not torch.is_autocast_enabled(kind):
        return call
    dtype = torch.get_autocast_dtype(kind)
    q, k, v = (
        x.to(dtype) if x.is_floating_point() and x.dtype != torch.float64 else x
        for x in (call.query, call.key, call.value)
    )
    return replace(call, query=q, key=k, value=v)


class LinearReader:
    """Recognizes linear attention by its two products, the second of the result of the first."""

    def __init__(self) -> None:
        self._first: tuple[torch.Tensor, torch.Tensor] | None = None
        self._product: torch.Tensor | None = None

    def __call__(
        self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Read:
        """Make a product, and return the call that it completes, if it does."""
        if func not in _PRODUCTS or kwargs:
            return None, None
        made = func(*args)
        if args[0] is self._product and self._first is not None:
            value, key = self._first
            self.forget()
            return Attention(args[1].mT, key, value.mT, linear=True), made
        if made.dim() == _FOUR_DIMENSIONS:
            self._first, self._product = (args[0], args[1]), made
        return None, made

    def forget(self) -> None:
        """Forget the last product, which holds memory."""
        self._first = self._product = None


def sums_keys(call: Attention) -> bool:
    """Return whether the last channel of the values of linear attention is one everywhere."""
    return bool((call.value[..., -1] == 1).all())


def blended(
    call: Attention, parts: Sequence[Part], plain: Callable[[], torch.Tensor]
) -> torch.Tensor:
    """Return what a call makes when parts of its queries borrow.

    Parameters
    ----------
    call
        Its arguments.
    parts
        Which queries borrow what.
    plain
        Makes the call as it is.
    """
    if call.linear:
        return _summed(call, parts, plain())
    if call.attn_mask is None and not call.enable_gqa and has_log_sum_exp(call.query):
        return _gated(call, parts)
    return _concatenated(call, parts, plain())


def _gated(call: Attention, parts: Sequence[Part]) -> torch.Tensor:
    out, lse = attend(call.query, call.key, call.value, call.scale)
    for part, borrowing in parts:
        out[part] = borrowing.applied(
            functools.partial(borrow, out[part], lse[part], call.query[part], scale=call.scale)
        )
    return out


def _concatenated(call: Attention, parts: Sequence[Part], out: torch.Tensor) -> torch.Tensor:
    out, mask = out.clone(), call.attn_mask
    if mask is not None:
        mask = mask.expand(*call.query.shape[:-1], call.key.shape[-2])
    for part, borrowing in parts:
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


def _summed(call: Attention, parts: Sequence[Part], out: torch.Tensor) -> torch.Tensor:
    """Return linear attention with loans, (B, H, E, N); borrowing queries are divided already."""
    out = out.clone()
    tokens = out.mT  # (B, H, N, E), the same memory
    for part, borrowing in parts:
        attended = functools.partial(add_to_sums, tokens[part], call.query[part])
        tokens[part] = functional.pad(borrowing.applied(attended), (0, 1), value=1.0)
    return out


def linear_shares(products: torch.Tensor) -> torch.Tensor:
    """Return the shares of keys, (…, N, M), from products of queries and keys, none negative."""
    return products / products.sum(-1, keepdim=True).clamp_min(_LEAST)


def add_to_sums(sums: torch.Tensor, q: torch.Tensor, loans: Sequence[Loan]) -> torch.Tensor:
    """Return linear attention to own and lent keys.

    Parameters
    ----------
    sums
        Own values times keys, times the queries: (B, H, N, E + 1), the sums of keys last.
    q
        Queries, (B, H, N, D), none negative.
    loans
        Their values, (1, H, M, E + 1), end with ones.

    Returns
    -------
    torch.Tensor
        (B, H, N, E).
    """
    for loan in loans:
        weight = torch.as_tensor(loan.log_weight).to(sums).exp()
        lent = q @ (loan.keys.mT @ loan.values)
        sums = sums + lent * weight.reshape(-1, 1)
    return sums[..., :-1] / (sums[..., -1:] + _LEAST)

"""Attention with additional keys: tensor algebra without models or settings.

FABRIC (arXiv 2307.10159, section 4) multiplies the attention paid to reference keys by a weight w
and renormalises: ``softmax([q k, q k_r + log w]) [v; v_r]``. With (o, l) and (o_r, l_r) the outputs
and log-sum-exps of attention to the own and to the reference keys, this is exactly

    g = sigmoid(l_r + log w - l),    out = lerp(o, o_r, g),    l' = logaddexp(l, l_r + log w)

so nothing is concatenated, no mask is needed, and one reference serves a whole batch. Folding the
next reference into (out, l') is exact again, in any order and grouping.

attend        softmax attention and its log-sum-exp
borrow        folds references into an attention already computed
concatenate   the same result by keys, values and a mask put side by side
blend         attention to own and borrowed keys, by whichever of the two ways fits
extrapolate   away from what the disliked references would have made of an attention
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from fabric_widget.engine.attention.kernels import ALIGNMENT, has_log_sum_exp, kernel_for

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of normalised attention guidance, as its authors recommend them for U-Nets.
_NAG_LIMIT = 2.5  # how often longer an extrapolated output may be (τ)
_NAG_SHARE = 0.5  # of the extrapolated in the output (α)


class Loan(NamedTuple):
    """Keys, values and weight that references lend to one attention call."""

    keys: torch.Tensor  # (1, H, M, D)
    values: torch.Tensor  # (1, H, M, D)
    log_weight: float | torch.Tensor  # of all queries, or of each, (N,); -inf lends nothing


def attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return softmax attention and its log-sum-exp.

    Parameters
    ----------
    q
        Queries, (B, H, N, D).
    k, v
        Keys and values, (B, H, M, D) or broadcastable to it, of the same type as `q`.
    scale
        Factor of the scores; 1/√D by default.

    Returns
    -------
    out
        (B, H, N, D).
    lse
        Natural logarithm of the sum of the exponentials of the scores, (B, H, N), float32 (float64
        for float64 inputs).
    """
    b, h, _, d = q.shape
    scale = d**-0.5 if scale is None else scale
    # The kernels themselves check neither batch sizes nor strides: wrong ones give wrong numbers.
    k, v = (x.expand(b, h, -1, -1) for x in (k, v))
    q, k, v = (x if x.stride(-1) == 1 else x.contiguous() for x in (q, k, v))
    if q.device.type != "cpu" and d % ALIGNMENT:
        q, k, v = (functional.pad(x, (0, -d % ALIGNMENT)) for x in (q, k, v))
    out, lse = kernel_for(q)(q, k, v, scale)
    return out[..., :d], lse


def _attend_shared(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Call `attend` with one set of keys, (1, H, M, D), for the whole batch: join the queries."""
    b, h, n, d = q.shape
    joined = q.transpose(0, 1).reshape(1, h, b * n, d)
    out, lse = attend(joined, k, v, scale)
    return out.reshape(h, b, n, d).transpose(0, 1), lse.reshape(h, b, n).transpose(0, 1)


def borrow(
    out: torch.Tensor,
    lse: torch.Tensor,
    q: torch.Tensor,
    loans: Sequence[Loan],
    scale: float | None = None,
) -> torch.Tensor:
    """Blend attention to references into the attention ``(out, lse)`` of the queries `q`.

    The gate and the folded output are float32 at least, whatever the type of the inputs.
    """
    total, exact = lse, out.to(lse.dtype)
    for loan in loans:
        lent, lent_lse = _attend_shared(q, loan.keys, loan.values, scale)
        lent_lse = lent_lse + loan.log_weight
        gate = torch.sigmoid(lent_lse - total).unsqueeze(-1)
        exact = torch.lerp(exact, lent.to(exact.dtype), gate)
        total = torch.logaddexp(total, lent_lse)
    return exact.to(out.dtype)


def concatenate(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    loans: Sequence[Loan],
    *,
    scale: float | None = None,
    mask: torch.Tensor | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Return attention to own and lent keys, computed in one call with a mask.

    Works on every device and beside any mask of the caller's (boolean or additive, broadcastable to
    (B, H, N, M)), at the price of copying all keys for every row of the batch.
    """
    bias = q.new_zeros(1, 1, 1, 1) if mask is None else mask
    if bias.dtype == torch.bool:
        bias = torch.zeros_like(bias, dtype=q.dtype).masked_fill(~bias, -torch.inf)
    bias = bias.reshape((1,) * (4 - bias.dim()) + tuple(bias.shape))
    by_place = any(isinstance(loan.log_weight, torch.Tensor) for loan in loans)
    n = q.shape[-2] if by_place else bias.shape[-2]
    parts = [bias.expand(*bias.shape[:-2], n, k.shape[-2])]
    parts += [
        torch.as_tensor(loan.log_weight).to(bias).unsqueeze(-1).expand(n, loan.keys.shape[-2])
        for loan in loans
    ]
    parts = [part.expand(*bias.shape[:-2], n, -1) for part in parts]
    return functional.scaled_dot_product_attention(
        q,
        torch.cat([k, *(loan.keys.expand(k.shape[0], -1, -1, -1) for loan in loans)], dim=-2),
        torch.cat([v, *(loan.values.expand(v.shape[0], -1, -1, -1) for loan in loans)], dim=-2),
        attn_mask=torch.cat(parts, dim=-1),
        scale=scale,
        enable_gqa=enable_gqa,
    )


def blend(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    loans: Sequence[Loan],
    *,
    scale: float | None = None,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return attention to own keys and to `loans`, weighted by ``exp(log_weight)``.

    Shapes are those of `attend`; a loan's keys are shared by all B rows.
    """
    if mask is None and has_log_sum_exp(q):
        out, lse = attend(q, k, v, scale)
        return borrow(out, lse, q, loans, scale)
    return concatenate(q, k, v, loans, scale=scale, mask=mask)


def extrapolate(positive: torch.Tensor, negative: torch.Tensor, scale: float) -> torch.Tensor:
    """Move attention outputs away from negative ones: normalised attention guidance (NAG).

    For passes without classifier-free guidance (arXiv 2505.21179, equations 6 to 9). With
    ``z = positive + scale · (positive - negative)``, shortened where the L1 norm of a token grew by
    more than a limit, the result is the mean of `z` and `positive`; so it is `positive` where both
    agree, and its norm is bounded.

    Parameters
    ----------
    positive, negative
        Attention outputs, (B, H, N, D). A token's norm is taken over its heads and channels.
    scale
        How far to go, 0 or more; 0 changes nothing.
    """
    exact = torch.promote_types(positive.dtype, torch.float32)
    kept, away = positive.to(exact), negative.to(exact)
    moved = kept + scale * (kept - away)
    tiny = torch.finfo(exact).tiny
    before, after = (x.abs().sum((1, 3), keepdim=True).clamp_min(tiny) for x in (kept, moved))
    moved = moved * (before * _NAG_LIMIT / after).clamp_max(1)
    return torch.lerp(kept, moved, _NAG_SHARE).to(positive.dtype)

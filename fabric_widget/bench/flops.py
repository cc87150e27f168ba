"""Count floating-point operations as torch runs them; a multiply-add counts as two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

if TYPE_CHECKING:
    from collections.abc import Callable

_SELF_ATTENTION = ".attn1"  # how diffusers' UNets call theirs


def _attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:  # noqa: ANN401  (shapes)
    count: int = sdpa_flop_count(query, key, value)  # type: ignore[no-untyped-call]
    return count


# Kernels that torch's counter ignores.
_UNCOUNTED: dict[Any, Callable[..., int]] = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,  # noqa: SLF001  (the only name it has)
}


class FlopCounter:
    """Counts floating-point operations of matrix products, convolutions and attention.

    A context manager. Norms, activations and other element-wise operations are not counted: they
    are less than a hundredth in these models.
    """

    def __init__(self) -> None:
        self._mode = FlopCounterMode(display=False, custom_mapping=_UNCOUNTED)

    def __enter__(self) -> Self:
        """Begin to count."""
        self._mode.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        """Stop counting."""
        self._mode.__exit__(*error)  # type: ignore[no-untyped-call]

    @property
    def total(self) -> int:
        """Operations until now."""
        total: int = self._mode.get_total_flops()
        return total

    @property
    def self_attention(self) -> int:
        """Operations until now of attention in self-attention layers, without the projections."""
        return sum(
            count
            for module, counts in self._mode.get_flop_counts().items()
            if module.endswith(_SELF_ATTENTION)
            for operation, count in counts.items()
            if "scaled_dot_product" in str(operation)
        )

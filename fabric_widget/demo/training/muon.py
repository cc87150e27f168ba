"""Muon (Jordan et al., 2024): momentum that is orthogonalized before it is applied.

After a minute on two cores the demo's autoencoder had an L1 error of 0.16 with it and 0.26 with
AdamW, branches starting at zero in both. PyTorch has it too, but orthogonalises in bfloat16, which
a CPU without matrix units emulates four times slower than float32; and for two-dimensional weights
only, where most of ours are convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the Newton-Schulz step that pushes singular values towards one fastest."""


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Return the matrix (m, n) with its singular values pushed into about 0.7 ... 1.2."""
    a, b, c = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    found: torch.Tensor = x.T if tall else x
    return found


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, scaled to the size of AdamW's steps.

    Parameters
    ----------
    parameters
        Weights of two or more dimensions; all but the first are taken as one.
    lr, momentum, weight_decay
        As in AdamW, so that one learning rate serves both kinds of weight.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Apply one update to every parameter that has a gradient."""
        del closure
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                mean.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(mean, group["momentum"]).flatten(1)
                update = orthogonal(ahead)
                # An orthogonal matrix has entries of about 1/sqrt(longer side); AdamW's are 0.2.
                size = 0.2 * max(update.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(update.view_as(weight), alpha=-group["lr"] * size)

"""Low-rank weights beside layers of a denoiser (LoRA, arXiv 2106.09685), and their way in and out.

They are added to what a layer returns by a hook, so that the model itself is never changed: what
ends the hooks, ends the LoRA, and what is there already (another LoRA, quantized weights) stays.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from fabric_widget.engine import FabricError
from fabric_widget.lora.layers import adapted_layers, features_of, has_features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.lora.settings import LoRASettings

Weights = Mapping[str, tuple[torch.Tensor, torch.Tensor]]
"""For the name of each layer, the weights (rank, in) and (out, rank)."""


def new_weights(model: torch.nn.Module, settings: LoRASettings, device: torch.device) -> Weights:
    """Return weights to be trained, which do nothing yet: the second of each pair is 0."""
    generator = torch.Generator().manual_seed(settings.seed)
    found = {}
    for name, layer in adapted_layers(model, settings.layers).items():
        inputs, outputs = features_of(layer)
        down = torch.randn((settings.rank, inputs), generator=generator) / settings.rank
        up = torch.zeros((outputs, settings.rank))
        found[name] = (
            down.to(device).requires_grad_(),
            up.to(device).requires_grad_(),
        )
    return found


def fits(model: torch.nn.Module, features: Mapping[str, tuple[int, int]]) -> bool:
    """Return whether a model has layers of these names that take and give so many numbers."""
    modules = dict(model.named_modules())
    return all(has_features(modules.get(name), sides) for name, sides in features.items())


@contextmanager
def added(model: torch.nn.Module, weights: Weights, strength: float = 1.0) -> Iterator[None]:
    """Add the weights to the layers of a model, times a strength.

    Raises
    ------
    FabricError
        They are those of another model.
    """
    modules = dict(model.named_modules())
    with ExitStack() as stack:
        for name, pair in weights.items():
            layer = modules.get(name)
            if layer is None or not has_features(layer, (len(pair[0].T), len(pair[1]))):
                message = (
                    f"this LoRA was made for another model: {type(model).__name__} has no layer "
                    f"{name} of its size"
                )
                raise FabricError(message)
            hook = functools.partial(_add, _Placed(*pair), strength)
            stack.callback(layer.register_forward_hook(hook).remove)
        yield


class _Placed:
    """The two weights of a layer, where its inputs are."""

    def __init__(self, down: torch.Tensor, up: torch.Tensor) -> None:
        self._down, self._up = down, up
        self._learning = down.requires_grad

    def at(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return them on the device of the inputs, in their precision."""
        down, up = self._down.to(inputs), self._up.to(inputs)
        if not self._learning:
            self._down, self._up = down, up
        return down, up


def _add(
    placed: _Placed,
    strength: float,
    layer: torch.nn.Module,
    args: tuple[Any, ...],
    output: torch.Tensor,
) -> torch.Tensor:
    del layer
    down, up = placed.at(args[0])
    return output + functional.linear(functional.linear(args[0], down), up) * strength


@contextmanager
def frozen(model: torch.nn.Module, *, checkpointing: bool) -> Iterator[None]:
    """Let nothing of a model itself learn; with `checkpointing`, keep few of its activations."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    switch: Any = model
    switched = checkpointing and not getattr(model, "is_gradient_checkpointing", True)
    try:
        for parameter in learning:
            parameter.requires_grad = False
        if switched:
            switch.enable_gradient_checkpointing()
        yield
    finally:
        if switched:
            switch.disable_gradient_checkpointing()
        for parameter in learning:
            parameter.requires_grad = True

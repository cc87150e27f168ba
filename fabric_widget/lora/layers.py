"""Which layers of a denoiser learn: the projections of its attention, for every model alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import FabricError
from fabric_widget.engine.pipeline.restore import processors_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WRAPPED = "base_layer"  # what peft calls a layer that it wraps
_ADAPTERS = ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector")


def adapted_layers(
    model: torch.nn.Module, ends: Sequence[str] = ()
) -> Mapping[str, torch.nn.Module]:
    """Return the linear layers that learn, by their names in the model.

    A layer that peft wraps already, for a LoRA of somebody else, counts with its wrapper.

    Parameters
    ----------
    model
        The denoiser.
    ends
        Ends of names; by default every linear layer inside of an attention module.

    Raises
    ------
    FabricError
        There is none.
    """
    attention = set(processors_of(model)) or {
        module for module in model.modules() if type(module).__name__.endswith("Attention")
    }
    names = {module: name for name, module in model.named_modules()}
    roots = [names[module] for module in names if module in attention]
    found: dict[str, torch.nn.Module] = {}
    for name, module in model.named_modules():
        inner = getattr(module, _WRAPPED, module)
        if not isinstance(inner, torch.nn.Linear) or _is_part_of_adapter(name):
            continue
        wanted = (
            any(name == end or name.endswith(f".{end}") for end in ends)
            if ends
            else any(name.startswith(f"{root}.") for root in roots)
        )
        if wanted:
            found[name] = module
    if not found:
        what = f"layer called {' or '.join(ends)}" if ends else "attention with linear projections"
        message = f"{type(model).__name__} has no {what}: name the layers that are to learn"
        raise FabricError(message)
    return found


def features_of(layer: torch.nn.Module) -> tuple[int, int]:
    """Return how many numbers go into a linear layer, and how many come out."""
    inner: Any = getattr(layer, _WRAPPED, layer)
    return int(inner.in_features), int(inner.out_features)


def has_features(layer: torch.nn.Module | None, sides: tuple[int, int]) -> bool:
    """Return whether there is a linear layer that takes and gives so many numbers."""
    linear = hasattr(getattr(layer, _WRAPPED, layer), "in_features")
    return layer is not None and linear and features_of(layer) == sides


def _is_part_of_adapter(name: str) -> bool:
    parts = name.split(".")
    return parts[-1] == _WRAPPED or any(part in _ADAPTERS for part in parts)

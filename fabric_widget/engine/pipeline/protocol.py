"""The part of a diffusers pipeline that the engine uses.

diffusers declares it on no common class in a way that type checkers can read.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

SIZE = ("height", "width")
"""The arguments that say how large a picture is to be."""


class Pipeline(Protocol):
    """A diffusers pipeline that makes pictures from a prompt."""

    config: Any
    scheduler: Any
    vae: Any

    @property
    def _execution_device(self) -> torch.device | str: ...

    def __call__(self, **arguments: Any) -> object:
        """Make pictures."""

    def maybe_free_model_hooks(self) -> None:
        """Offload models that are moved to the accelerator on demand."""

    def set_progress_bar_config(self, **settings: Any) -> None:
        """Set the progress bar's arguments."""


def parameters_of(pipe: object) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a pipeline's call, by name."""
    return inspect.signature(type(pipe).__call__).parameters

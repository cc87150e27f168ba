"""TasteLoRA: what was learnt, and what it was learnt from."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import torch

from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.lock import while_locked
from fabric_widget.lora import files
from fabric_widget.lora.adapter import added

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from fabric_widget.lora.adapter import Weights
    from fabric_widget.lora.samples import Samples

MOST_STRENGTH = 2.0


@dataclass(frozen=True, eq=False)
class TasteLoRA:
    """A LoRA that learnt what a session's votes say.

    Parameters
    ----------
    name
        What it is called, and its file.
    weights
        For the name of each layer of the denoiser, the weights (rank, in) and (out, rank), float32
        on the CPU.
    component
        Of the pipeline: "unet" or "transformer".
    about
        Plain values: base model, prompt, votes, settings, losses.
    strength
        How strongly it is used, 0 … 2.
    samples
        Pictures made without and with it, for looking at; None if it was read from a file.

    Raises
    ------
    ValueError
        The strength is out of range, or the name cannot be that of a file.
    """

    name: str
    weights: Weights = field(repr=False)
    component: str
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    strength: float = 1.0
    samples: Samples | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the name and the strength."""
        files.check_name(self.name)
        checked_strength(self.strength)

    @cached_property
    def digest(self) -> str:
        """A name for its weights: equal weights have equal ones, whatever they are called."""
        named = sorted(self.weights.items())
        return digest(*(part for name, pair in named for part in (name, *pair)))

    @property
    def rank(self) -> int:
        """The rank of its weights, the greatest of all layers."""
        return max(len(down) for down, _ in self.weights.values())

    def at(self, strength: float) -> Self:
        """Return the same LoRA at another strength, 0 … 2."""
        return replace(self, strength=strength)

    @contextmanager
    def on(self, pipe: Any) -> Iterator[None]:  # noqa: ANN401  (any diffusers pipeline)
        """Use it in a pipeline as long as the context lasts.

        A plain call of the pipeline has it, and so have runs of a `Fabric`. It is beside the
        pipeline's own weights, and beside other LoRAs that are there; afterwards the pipeline is
        as it was.

        Raises
        ------
        FabricError
            It was made for another model.
        PipelineBusy
            A run is inside the pipeline.
        """
        denoiser = Denoiser(pipe)
        with denoiser.occupied():
            pass  # nobody's run may have it from its middle on
        with denoiser.eager(), added(denoiser.model, self.weights, self.strength):
            yield

    def save(self, folder: str | os.PathLike[str], *, layout: str = "diffusers") -> Path:
        """Write it as "<name>.safetensors", with a sheet of pictures in "<name>.png" beside it.

        The file's metadata tell base model, prompt, votes and settings.

        Parameters
        ----------
        folder
            Made if it is not there.
        layout
            "diffusers" for what ``pipe.load_lora_weights`` reads; "kohya" for the names of layers
            that kohya's scripts write and most other programs read, for U-Nets.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OSError
            It cannot be written; what was there before is still there.
        ValueError
            There is no such layout, or not for this model.
        """
        return files.save(self, folder, layout)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote, or another LoRA of one denoiser in its layout.

        Raises
        ------
        LoRAFileError
            There is none in it that can be used.
        """
        return cls(**files.load(path))


@contextmanager
def used_in_runs(loras: Sequence[TasteLoRA]) -> Iterator[None]:
    """Use LoRAs in every run that this thread makes, while that run holds its pipeline."""

    @contextmanager
    def enter(model: torch.nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # else nothing is compiled
                # Compiled code does not see hooks that come later.
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            for lora in loras:
                stack.enter_context(added(model, lora.weights, lora.strength))
            yield

    with while_locked(enter):
        yield


def checked_strength(strength: object) -> float:
    """Return a strength of a LoRA, or raise a ValueError."""
    number = isinstance(strength, (int, float)) and not isinstance(strength, bool)
    if not number or not 0 <= strength <= MOST_STRENGTH:  # type: ignore[operator]
        message = f"the strength of a LoRA is {strength!r}: give a number from 0 to 2"
        raise ValueError(message)
    return float(strength)  # type: ignore[arg-type]

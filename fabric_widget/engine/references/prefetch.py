"""Keys and values computed ahead, where a batch has room for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.references.noise_levels import NoiseLevel
    from fabric_widget.engine.references.references import Reference


@dataclass(frozen=True)
class Task:
    """One reference at one noise level.

    Parameters
    ----------
    reference, noise_level
        Which.
    latents
        The reference's, as the denoiser is to see them.
    phase
        Of the lattice of its tokens.
    key
        A name for what it lends.
    """

    reference: Reference
    noise_level: NoiseLevel
    latents: torch.Tensor
    phase: int
    key: str


class Prefetched:
    """Keys and values of references at upcoming steps."""

    def __init__(self) -> None:
        self._lent: dict[str, tuple[int, Sequence[Lent]]] = {}
        self._useless = False

    def __contains__(self, key: str) -> bool:
        """Return whether `key` was prefetched."""
        return key in self._lent

    def put(self, task: Task, lent: Sequence[Lent]) -> None:
        """Keep what a task lends until its step."""
        self._lent[task.key] = (task.noise_level.step, lent)

    def taken(self, task: Task) -> Sequence[Lent] | None:
        """Remove and return what a task lends, or None."""
        _, lent = self._lent.pop(task.key, (0, None))
        return lent

    def useless(self, step: int) -> bool:
        """Return whether a prediction was wrong: its step has passed unused."""
        if any(due < step for due, _ in self._lent.values()):
            self._lent.clear()
            self._useless = True
        return self._useless

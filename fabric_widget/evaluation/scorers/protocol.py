"""What a scorer can do: like pictures for a prompt, see pictures as vectors, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from PIL import Image


@runtime_checkable
class Preference(Protocol):
    """Says how well it likes pictures for a prompt."""

    @property
    def name(self) -> str:
        """Its name among the scorers."""

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return how well it likes each picture for the prompt: (n,), higher is better.

        A picture's score does not depend on the others.
        """


@runtime_checkable
class Features(Protocol):
    """Sees pictures as vectors; the inner product of two is how alike the pictures are."""

    @property
    def name(self) -> str:
        """Its name among the scorers."""

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return each picture as a vector of unit length: (n, d)."""


@runtime_checkable
class Activations(Protocol):
    """Has vectors whose length counts: the ones that Fréchet distances are published over."""

    def activations(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return each picture as a vector: (n, d)."""


Scorer = Preference | Features
"""Whatever judges pictures; ask with ``isinstance`` what it can do. Some can do both."""

"""Protocols of scorers: scores for a prompt, features of pictures, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from PIL import Image


@runtime_checkable
class Preference(Protocol):
    """Scores pictures for a prompt."""

    @property
    def name(self) -> str:
        """Its name among the scorers."""

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the score of each picture for the prompt: (n,), higher is better.

        A picture's score does not depend on the others.
        """


@runtime_checkable
class Features(Protocol):
    """Embeds pictures as vectors; the inner product of two is their similarity."""

    @property
    def name(self) -> str:
        """Its name among the scorers."""

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return each picture as a vector of unit length: (n, d)."""


@runtime_checkable
class Activations(Protocol):
    """Has vectors that are not normalized, for Fréchet distances as they are published."""

    def activations(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return each picture as a vector: (n, d)."""


Scorer = Preference | Features
"""Any scorer; ``isinstance`` tells which protocols it supports."""

"""Values of pictures for one case: by a scorer, by similarity to a target, or by a wish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fabric_widget.evaluation.people.simulated_user import NOTICEABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from fabric_widget.demo.reader import Reader
    from fabric_widget.evaluation.people.wishes import Wish
    from fabric_widget.evaluation.scorers import Features, Preference

_ROUNDING = 1e-6  # smaller differences between scores are rounding errors


class PictureValue(Protocol):
    """Gives every picture a value."""

    @property
    def noticeable(self) -> float:
        """Smaller differences do not decide votes."""

    @property
    def changes(self) -> bool:
        """Whether values depend on the round."""

    def values(self, pictures: Sequence[Image.Image], number: int) -> NDArray[np.float64]:
        """Return (n,) values in round `number`, from 0; higher is better."""


@dataclass(frozen=True)
class PromptPreference:
    """How well a scorer likes a picture for the prompt."""

    scorer: Preference
    prompt: str
    noticeable: float = _ROUNDING
    changes: bool = False

    def values(self, pictures: Sequence[Image.Image], number: int) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the scorer's own scores."""
        return np.asarray(self.scorer.score(self.prompt, pictures), dtype=np.float64)


@dataclass(frozen=True)
class ImageSimilarity:
    """How similar a picture is to the target: the cosine between features, -1 … 1."""

    scorer: Features
    target: NDArray[np.float64]
    noticeable: float = _ROUNDING
    changes: bool = False

    def values(self, pictures: Sequence[Image.Image], number: int) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the similarities."""
        return np.asarray(self.scorer.features(pictures) @ self.target, dtype=np.float64)


@dataclass(frozen=True)
class WishMatch:
    """How well a picture matches a wish, 0 … 1; several wishes take turns over the rounds."""

    reader: Reader
    wishes: tuple[Wish, ...]
    rounds: int
    noticeable: float = NOTICEABLE

    @property
    def changes(self) -> bool:
        """Whether there is more than one wish."""
        return len(self.wishes) > 1

    def values(self, pictures: Sequence[Image.Image], number: int) -> NDArray[np.float64]:
        """Return 1 minus the distance to the wish of this round."""
        wish = self._wish(number)
        return np.array([1 - wish.distance(seen) for seen in self.reader.read(list(pictures))])

    def distances(self, pictures: Sequence[Image.Image], number: int) -> list[dict[str, float]]:
        """Return, for each picture, how far each wanted attribute is from the wish, 0 … 1."""
        return [self._wish(number).distances(seen) for seen in self.reader.read(list(pictures))]

    def _wish(self, number: int) -> Wish:
        return self.wishes[number * len(self.wishes) // self.rounds]

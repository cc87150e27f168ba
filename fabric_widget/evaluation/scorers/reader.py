"""The demo model's reader as a scorer: for the demo model's pictures only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.demo.reader import load_reader
from fabric_widget.demo.scenes import ATTRIBUTES, parse
from fabric_widget.engine.votes.images import read_picture
from fabric_widget.evaluation.scorers.batching import CHUNK
from fabric_widget.evaluation.scorers.errors import MissingWeights
from fabric_widget.evaluation.scorers.weights.loading import usable_device

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from PIL import Image

    from fabric_widget.demo.reader import Reader, Reading

_VALUES = sum(len(values) for values in ATTRIBUTES.values())


@dataclass(frozen=True, kw_only=True)
class ReaderScorer:
    """Scores pictures by the attributes that the demo model's reader sees.

    Attributes
    ----------
    name
        Its name among the scorers.
    reader
        The reader, on the CPU: it is too small to gain from another device.
    chunk
        Batch size.
    """

    name: str
    reader: Reader
    chunk: int = CHUNK

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the probability that the picture shows all that the prompt names: (n,), 0 … 1.

        The product of the probabilities of the attributes that the prompt names.

        Raises
        ------
        ValueError
            The prompt has a word that says nothing about the demo's pictures.
        """
        named = parse(prompt)
        return np.array(
            [
                np.prod([reading.probabilities[name][value] for name, value in named.items()])
                for reading in self._read(pictures)
            ],
            dtype=np.float64,
        )

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the square roots of all probabilities, at unit length: (n, 39).

        The inner product of two is the Bhattacharyya coefficient of the readings, averaged over
        attributes: 1 if they agree in all, 0 if they differ in all.
        """
        rows = [
            [p for values in reading.probabilities.values() for p in values.values()]
            for reading in self._read(pictures)
        ]
        return np.sqrt(np.reshape(rows, (-1, _VALUES)) / len(ATTRIBUTES))

    def _read(self, pictures: Sequence[Image.Image]) -> list[Reading]:
        return [
            reading
            for start in range(0, len(pictures), self.chunk)
            for reading in self.reader.read(
                [read_picture(picture) for picture in pictures[start : start + self.chunk]]
            )
        ]


def load(name: str, *, weights: str | Path | None, device: str) -> ReaderScorer:
    """Load the demo model's reader; see `load_scorer`.

    Raises
    ------
    MissingWeights
        The package was installed without them.
    ValueError
        Other weights are asked for.
    """
    if weights is not None:
        message = f"{name} takes no weights: it ships with the package, and {weights} is no part"
        raise ValueError(message)
    usable_device(device)
    try:
        return ReaderScorer(name=name, reader=load_reader())
    except FileNotFoundError as error:
        raise MissingWeights(*error.args) from error

"""The demo model's reader as a scorer: exact about the demo's pictures, silent about others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fabric_widget.demo.reader import load_reader
from fabric_widget.demo.scenes import ATTRIBUTES, parse
from fabric_widget.engine.references.images import read_picture
from fabric_widget.evaluation.scorers.batching import CHUNK
from fabric_widget.evaluation.scorers.errors import MissingWeights
from fabric_widget.evaluation.scorers.loading import usable_device

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from PIL import Image

    from fabric_widget.demo.reader import Reader, Reading

_VALUES = sum(len(values) for values in ATTRIBUTES.values())


@dataclass(frozen=True, kw_only=True)
class ReaderScorer:
    """Judges pictures by what the demo model's reader sees in them.

    Attributes
    ----------
    name
        Its name among the scorers.
    reader
        The reader, on the CPU: it is too small to gain by any other device.
    chunk
        How many pictures it sees at once.
    """

    name: str
    reader: Reader
    chunk: int = CHUNK

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the probability that all the prompt names is there: (n,), 0 … 1.

        The product over the attributes that the prompt names, each of which the reader judges by
        itself; what the prompt is silent about does not count.

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
        """Return the roots of all probabilities, at unit length: (n, 39).

        The inner product of two is the Bhattacharyya coefficient of the readings, meaned over
        attributes: 1 where they agree in all, 0 where they differ in all.
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

"""Lens: settings of what is recorded of a run's attention. No tensors."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_ACCUMULATED, _KEPT = 4, 2  # bytes of a number while its part lasts (float32), and after (float16)


@dataclass(frozen=True, kw_only=True)
class Lens:
    """What to record of a run's attention.

    Parameters
    ----------
    image
        Index of a picture in its round, 0 or more; None for the mean over all pictures.
    looks
        Whether it is also recorded where in each reference each place looked.
    parts
        The steps at which references count are divided into so many ranges, 1 or more; fewer where
        there are fewer steps.
    cells
        A map has at most so many cells on a side, 1 or more.
    steps
        Attention is recorded at no more than so many steps, 1 or more, evenly spread; None for all
        at which references count.
    nbytes
        Most bytes that the maps may take, at any moment. Where `cells` would need more, there are
        fewer of them.

    Raises
    ------
    TypeError
        `looks` is not a bool, or another setting is not a whole number.
    ValueError
        A setting is out of its range.
    """

    image: int | None = 0
    looks: bool = True
    parts: int = 4
    cells: int = 16
    steps: int | None = None
    nbytes: int = 64 * 2**20

    def __post_init__(self) -> None:
        """Raise an error for a setting out of its range."""
        if not isinstance(self.looks, bool):
            message = f"looks is {self.looks!r}: give True or False"
            raise TypeError(message)
        limits = {"image": 0, "parts": 1, "cells": 1, "steps": 1, "nbytes": 1}
        for name, least in limits.items():
            value = getattr(self, name)
            none = " or None" if name in {"image", "steps"} else ""
            if value is None and none:
                continue
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                message = f"{name} is {value!r}: give a whole number{none}"
                raise TypeError(message)
            if operator.index(value) < least:
                message = f"{name} is {value!r}: give {least} or more{none}"
                raise ValueError(message)

    def divided(self, counting: Sequence[int]) -> list[Part]:
        """Divide the steps at which references count into parts, and choose what is recorded.

        Parameters
        ----------
        counting
            The steps, from 0, in increasing order.
        """
        chosen = min(len(counting), self.steps or len(counting))
        count = min(self.parts, chosen)
        parts = []
        for i in range(count):
            steps = _share(counting, i, count)
            wanted = len(_share(range(chosen), i, count))
            recorded = {steps[(2 * j + 1) * len(steps) // (2 * wanted)] for j in range(wanted)}
            parts.append(Part(range(steps[0], steps[-1] + 1), frozenset(recorded)))
        return parts

    def affordable(self, levels: Sequence[int], references: int) -> int:
        """Return the side of the maps, in cells, with which all of them fit into `nbytes`.

        Parameters
        ----------
        levels
            Number of tokens of each level.
        references
            Number of references.

        Raises
        ------
        ValueError
            Not even maps of one cell fit.
        """
        for cells in range(self.cells, 0, -1):
            if self._needed(levels, references, cells) <= self.nbytes:
                return cells
        needed = self._needed(levels, references, 1)
        message = (
            f"the lens may take {self.nbytes} bytes, but {self.parts} parts of {references} "
            f"references at {len(levels)} levels take {needed} at least: give more nbytes or fewer "
            "parts"
        )
        raise ValueError(message)

    def _needed(self, levels: Sequence[int], references: int, cells: int) -> int:
        """Return the bytes that maps need at most, including the sums of one part."""
        numbers = sum(
            min(tokens, cells**2) * (2 + references * (1 + self.looks * cells**2))
            for tokens in levels
        )
        return numbers * (_KEPT * self.parts + _ACCUMULATED)


class Part(NamedTuple):
    """A range of steps, and the steps in it that are recorded."""

    steps: range
    recorded: frozenset[int]


def checked_lens(lens: Lens | None, num_images: int) -> Lens | None:
    """Return a valid lens or None, or raise an error.

    Raises
    ------
    TypeError
        It is something else.
    ValueError
        It is for a picture that is not made.
    """
    if lens is None:
        return None
    if not isinstance(lens, Lens):
        message = f"lens is a {type(lens).__name__}: give a Lens"
        raise TypeError(message)
    if lens.image is not None and lens.image >= num_images:
        message = (
            f"the lens is for image {lens.image}, but {num_images} "
            f"{'image is' if num_images == 1 else 'images are'} made: give 0 … {num_images - 1}, "
            "or None for the mean over all"
        )
        raise ValueError(message)
    return lens


def _share(items: Sequence[int], index: int, count: int) -> Sequence[int]:
    """Return one of `count` parts of `items`, of nearly equal lengths."""
    return items[index * len(items) // count : (index + 1) * len(items) // count]

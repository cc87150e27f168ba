"""Draw pictures with one reference liked, in each cell alone, and measure how near they come.

First the cells, beside nothing borrowed and everything; from these the weights; then, on the same
references, the aspects themselves, by default and by these weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fabric_widget.color_and_form import look_of
from fabric_widget.engine.compatibility import anatomy
from fabric_widget.engine.fingerprint import derived_seed
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.plans import Recipe
from fabric_widget.engine.request import usable_seed
from fabric_widget.engine.votes.aspects import ALL, COLORS, FORM, AspectTable
from fabric_widget.engine.votes.votes import CheckedVote
from fabric_widget.evaluation.aspects.cells import grid_of
from fabric_widget.evaluation.aspects.rule import better_of, cell_name, drawn_name, table_of
from fabric_widget.evaluation.aspects.shares import EVERYTHING, NOTHING, Shares

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import torch

    from fabric_widget.engine import Fabric, GeneratedImage, Progress, Schedule
    from fabric_widget.evaluation.aspects.cells import Grid
    from fabric_widget.evaluation.aspects.settings import Settings

    Array = npt.NDArray[np.float64]
    Show = Callable[[str, int, int], object]

_CELLS, _DRAWN = 6, 2  # as many at a guess, before it is known: for the progress bar


class Borrowed(NamedTuple):
    """What pictures borrow of the reference."""

    aspect: str
    table: AspectTable = AspectTable()


class Measurement:
    """Measures aspects, and keeps what was found also when it is interrupted.

    Parameters
    ----------
    fabric
        The pipeline. Its schedule says how strongly references count.
    settings
        How it is measured.

    Attributes
    ----------
    steps
        How many there are, or 0 before the first picture.
    grid
        The cells, or None before the first picture.
    distances
        By name of what was borrowed: (references, 2), mean distances in color and in form of the
        references that were finished.
    table
        What aspects mean, or None before everything was measured.
    complete
        Whether everything was measured.
    """

    def __init__(self, fabric: Fabric, settings: Settings) -> None:
        self._fabric = fabric
        self.settings = settings
        self._references: list[GeneratedImage] = []
        self._done = 0
        self._each = 2 + _CELLS + _DRAWN  # draws beside each reference
        self.steps = 0
        self.grid: Grid | None = None
        self.distances: dict[str, Array] = {}
        self.table: AspectTable | None = None
        self.complete = False

    @property
    def model(self) -> torch.nn.Module:
        """The denoiser that is measured."""
        return Denoiser(self._fabric.pipe).model

    @property
    def schedule(self) -> Schedule:
        """How strongly references count."""
        return self._fabric.schedule

    @property
    def shares(self) -> Shares | None:
        """The shares so far, or None before the first reference was finished."""
        return Shares.of(self.distances) if self.distances else None

    def run(self, show: Show = lambda *_: None) -> None:
        """Measure everything.

        Parameters
        ----------
        show
            Progress callback, called after each step: a description, how many steps are done, and
            how many there are.

        Raises
        ------
        FabricError
            The pipeline does not take feedback.
        """
        grid = self.grid = self._look(show)
        cells = _cells(grid)
        self._each = len(cells) + _DRAWN
        self._measure(cells, "cells", show)
        table = table_of(grid, Shares.of(self.distances))
        drawn = _drawn(table)
        self._each = len(cells) + len(drawn)
        self._measure(drawn, "aspects", show)
        self.table = better_of(table, Shares.of(self.distances))
        self.complete = True

    def _look(self, show: Show) -> Grid:
        """Draw the first reference, and return the cells of the pipeline."""
        prompt, arguments = self.settings.prompts[0], self.settings.arguments
        tokens = anatomy(self._fabric.pipe, {**self._fabric.defaults, **arguments}, prompt).tokens
        self._draw_reference("references", show)
        return grid_of(tokens, self.steps)

    def _measure(self, borrowed: Mapping[str, Borrowed | None], words: str, show: Show) -> None:
        """Add the distances of all references; those of the first ones, if it is interrupted."""
        rows: list[list[tuple[float, float]]] = []
        try:
            for i in range(self.settings.references):
                said = f"{words}, reference {i + 1} of {self.settings.references}"
                if i == len(self._references):
                    self._draw_reference(said, show)
                known = look_of(self._references[i].image)
                row = []
                for what in borrowed.values():
                    made = self._draw_beside(i, what, said, show)
                    found = [look_of(picture.image).distances(known) for picture in made]
                    row.append(tuple(np.mean(found, axis=0).tolist()))
                rows.append(row)
        finally:
            count = len(next(iter(self.distances.values()), rows))
            if rows and len(rows) == count:  # shares compare the same references
                table = np.array(rows)
                self.distances |= {name: table[:, j] for j, name in enumerate(borrowed)}

    def _draw_reference(self, words: str, show: Show) -> None:
        """Draw the next reference."""
        index = len(self._references)
        self._references += self._draw(index, self._seed(index), [Recipe()], words, show)

    def _draw_beside(
        self, index: int, what: Borrowed | None, words: str, show: Show
    ) -> list[GeneratedImage]:
        """Return pictures that borrow of a reference; those of all cells have the same seeds."""
        recipe, reference = Recipe(), self._references[index]
        if what is not None:
            vote = CheckedVote(reference.id, reference, aspect=what.aspect)
            recipe = Recipe((vote,), aspects=what.table)
        recipes = [recipe] * self.settings.pictures
        return self._draw(index, self._seed(index) + 1, recipes, words, show)

    def _seed(self, index: int) -> int:
        return usable_seed(derived_seed(self.settings.seed, index))

    def _draw(
        self, index: int, seed: int, recipes: Sequence[Recipe], words: str, show: Show
    ) -> list[GeneratedImage]:
        def on_step(progress: Progress) -> None:
            self.steps = progress.steps
            total = self.settings.references * (1 + self._each) * progress.steps
            show(words, min(self._done * progress.steps + progress.step, total), total)

        made = self._fabric(
            self.settings.prompts[index % len(self.settings.prompts)],
            num_images=len(recipes),
            seed=seed,
            plan=recipes,
            on_step=on_step,
            **self.settings.arguments,
        )
        self._done += 1
        return list(made)


def _cells(grid: Grid) -> dict[str, Borrowed | None]:
    """Return what is borrowed of each reference: nothing, everything, and each cell."""
    cells = {
        cell_name(group, part): Borrowed(COLORS, AspectTable(grid.weights(group, part)))
        for group in grid.groups
        for part in grid.parts
    }
    return {NOTHING: None, EVERYTHING: Borrowed(ALL), **cells}


def _drawn(table: AspectTable) -> dict[str, Borrowed]:
    """Return the aspects by default, and by what of a table is not the default."""
    drawn = {}
    for aspect, weights in ((COLORS, table.colors), (FORM, table.form)):
        drawn[drawn_name(aspect, measured=False)] = Borrowed(aspect)
        if weights is not None:
            drawn[drawn_name(aspect, measured=True)] = Borrowed(aspect, table)
    return drawn

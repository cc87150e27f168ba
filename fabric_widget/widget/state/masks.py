"""Parts of pictures on the wire: a small grid of cells, as the lengths of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import torch

MOST_CELLS = 64  # of a side
MOST_RUNS = 500  # so that no part takes more than 2 kB


def read_mask(rows: int, columns: int, runs: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return a mask, (rows, columns), 1 where the part is.

    Parameters
    ----------
    rows, columns
        Of cells, laid over the whole picture, 1 … 64.
    runs
        Row by row, how many neighbours are outside the part, then inside, then outside …

    Raises
    ------
    ValueError
        The runs do not fill such a grid, or there are more than 500.
    """
    if not (1 <= rows <= MOST_CELLS and 1 <= columns <= MOST_CELLS):
        message = f"a part has {rows} rows and {columns} columns: give 1 … {MOST_CELLS} of each"
        raise ValueError(message)
    if len(runs) > MOST_RUNS:
        message = (
            f"the part has {len(runs)} runs, at most {MOST_RUNS} are taken: mark it less finely"
        )
        raise ValueError(message)
    if min(runs, default=0) < 0 or sum(runs) != rows * columns:
        message = f"the part does not fill {rows} rows of {columns} cells"
        raise ValueError(message)
    inside = np.arange(len(runs)) % 2
    return np.repeat(inside, runs).astype(np.uint8).reshape(rows, columns)


def mask_told(mask: torch.Tensor) -> dict[str, Any]:
    """Return a mask, (rows, columns), 0 … 1, for the front end; finer ones lose detail."""
    from torch.nn import functional

    rows, columns = mask.shape
    most = MOST_CELLS
    while True:
        size = min(rows, most), min(columns, most)
        covered = functional.adaptive_avg_pool2d(mask[None].float(), size)[0].numpy()
        inside = covered >= covered.max() / 2
        flat = np.concatenate([[False], inside.ravel()])
        edges = np.flatnonzero(np.diff(flat, append=not flat[-1]))
        if len(edges) <= MOST_RUNS:
            runs = np.diff(edges, prepend=0)
            return {"rows": size[0], "columns": size[1], "runs": runs.tolist()}
        most //= 2

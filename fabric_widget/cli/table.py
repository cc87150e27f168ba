"""Aligned columns for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: Sequence[int] = ()) -> str:
    """Return a table: numbers to the right, the columns `texts` to the left.

    Parameters
    ----------
    heads
        Titles of the columns.
    rows
        As many cells each. An empty row becomes a rule.
    texts
        Positions of the columns that hold words.
    """
    full = [row for row in (heads, *rows) if row]
    widths = [max(len(row[i]) for row in full) for i in range(len(heads))]
    rule = "  ".join("-" * width for width in widths)

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if i in texts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([line(heads), rule, *(line(row) if row else rule for row in rows)])

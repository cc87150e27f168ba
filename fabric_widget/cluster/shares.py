"""Which worker makes which pictures of a round, and their steps counted as those of one round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.pipeline.arguments.batches import batches_of
from fabric_widget.engine.pipeline.arguments.embeddings import embeddings_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Share:
    """Pictures that one worker makes, as one batch.

    Parameters
    ----------
    first, count
        The first of them in the round, and how many.
    """

    first: int
    count: int

    def __str__(self) -> str:
        """Return which pictures these are, for an error."""
        last = self.first + self.count
        return f"picture {last}" if self.count == 1 else f"pictures {self.first + 1} to {last}"


def shares_of(pictures: int, workers: int, arguments: Mapping[str, Any]) -> list[Share]:
    """Return a share for each worker, as equal as can be; fewer where there are fewer pictures.

    Arguments with an entry for each picture mean that round alone: then one worker makes it.
    """
    parts = 1 if _undivided(arguments) else min(workers, pictures)
    least, more = divmod(pictures, parts)
    sizes = [least + (i < more) for i in range(parts)]
    return [Share(sum(sizes[:i]), size) for i, size in enumerate(sizes)]


class Steps:
    """Counts the steps of all shares as those of one round; the count never falls.

    Parameters
    ----------
    shares
        All shares of the round.
    """

    def __init__(self, shares: Sequence[Share]) -> None:
        self._done = dict.fromkeys(shares, 0)
        self._steps: dict[Share, int] = {}
        self._most = 0

    def note(self, share: Share, step: int, steps: int) -> tuple[int, int]:
        """Note that a share has done `step` of its `steps`; return how many the round has done.

        Returns
        -------
        step, steps
            Of the round; shares that have not told theirs count as this one.
        """
        self._done[share], self._steps[share] = step, steps
        total = sum(self._steps.get(one, steps) for one in self._done)
        self._most = min(max(self._most, sum(self._done.values())), total)
        return self._most, total


def _undivided(arguments: Mapping[str, Any]) -> bool:
    words = embeddings_of(arguments)
    texts = any(
        isinstance(value, (list, tuple)) and len(value) > 1 and isinstance(value[0], str)
        for value in arguments.values()
    )
    several = bool(words) and rows_of(words) > 1
    return texts or several or bool(batches_of(arguments)) or arguments.get("latents") is not None

"""Which rows and calls of a denoiser are conditional: measured, for every pipeline alike.

Pipelines with guidance ask their denoiser about each step twice: in one call, whose rows are partly
conditional, or in one call after the other. Rows are told apart before the run, by what changes
with the prompt; calls are told apart during the run, by what they are conditioned on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.call import RESIDUALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine.pipeline.call import Call, Path


@dataclass(frozen=True)
class GuidanceBranches:
    """The parts of a call that depend on the prompt.

    Parameters
    ----------
    rows
        For each row of a call for one picture, whether it does.
    paths
        The parts of the arguments that do.
    """

    rows: tuple[bool, ...]
    paths: tuple[Path, ...]


def guidance_branches(null: Call, worded: Call) -> GuidanceBranches:
    """Compare the null prompt's call for one picture with another prompt's for two."""
    follows = [False] * null.rows
    paths: list[Path] = []
    for path in sorted(null.per_row or (), key=str):
        if path[0] in {null.latents_name, null.timestep_name, *RESIDUALS}:
            continue
        a, b = null.part(path), worded.part(path)
        differs = [_differ(a[i], b[2 * i]) for i in range(null.rows)]
        # Rows of unlike length were filled up to the longest: where all differ, that may be why.
        padded = isinstance(a, torch.Tensor) and a.shape[1:] != b.shape[1:]
        if any(differs) and not (padded and all(differs) and null.rows > 1):
            follows = [f or d for f, d in zip(follows, differs, strict=True)]
            paths.append(path)
    return GuidanceBranches(tuple(follows), tuple(paths))


def _differ(a: Any, b: Any) -> bool:  # noqa: ANN401  (a row of any argument)
    """Return whether two rows differ; pad the shorter one with zeros."""
    if not (isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)):
        return False  # sizes and the like
    if a.dim() != b.dim():
        return True
    size = [max(pair) for pair in zip(a.shape, b.shape, strict=True)]
    a, b = (
        functional.pad(
            x, [p for n, m in zip(x.shape[::-1], size[::-1], strict=True) for p in (0, m - n)]
        )
        for x in (a, b)
    )
    return not torch.equal(a, b)


class BranchTracker:
    """Tells the conditional from the unconditional rows, call by call.

    The calls about one state of the latents belong together. The first of them is conditional, or
    has the conditional rows; a further one is if it is conditioned on the same. When prompt and
    negative prompt say the same, the second call is the unconditional one.

    Parameters
    ----------
    guidance_branches
        What of a call for one picture follows the prompt.
    pictures
        Number of pictures that the run makes at once.
    """

    def __init__(self, guidance_branches: GuidanceBranches, pictures: int) -> None:
        self._spoken = guidance_branches
        self._pictures = pictures
        self._first: Call | None = None
        self._later = 0

    def conditional_rows(self, call: Call) -> list[bool]:
        """Return for each block of rows, one row a picture, whether it is conditional.

        The number of rows is read anew at every call: guidance may be switched off on the way, and
        what is left then is the conditional part.

        Raises
        ------
        FabricError
            The call has an unexpected number of rows.
        """
        blocks, rest = divmod(call.rows, self._pictures)
        if rest or blocks not in {1, len(self._spoken.rows)}:
            message = (
                f"the denoiser was called with {call.rows} rows for {self._pictures} pictures; "
                f"{len(self._spoken.rows)} rows for each, or one, were expected"
            )
            raise FabricError(message)
        if self._first is None or not self._same_input(self._first, call):
            self._first, self._later = call, 0
            return list(self._spoken.rows) if blocks > 1 else [True]
        self._later += 1
        if blocks > 1:
            return list(self._spoken.rows)
        apart = self._first.rows == call.rows and self._later == 1
        return [self._same_words(self._first, call) and not apart]

    @property
    def alternate(self) -> bool:
        """Whether the latest latents were given to more than one call."""
        return self._later > 0

    def _same_input(self, first: Call, call: Call) -> bool:
        if not torch.equal(first.timestep.flatten()[:1], call.timestep.flatten()[:1]):
            return False
        return all(
            a is b or (a.shape == b.shape and torch.equal(a, b))
            for a, b in zip(
                first.latents[: self._pictures], call.latents[: self._pictures], strict=True
            )
        )

    def _same_words(self, first: Call, call: Call) -> bool:
        """Return whether `call` has the conditioning of the first call's conditional rows."""
        block = self._spoken.rows.index(True) if first.rows > call.rows else 0
        start, stop = block * self._pictures, (block + 1) * self._pictures
        for path in self._spoken.paths:
            a, b = first.part(path), call.part(path)
            if a is b:
                continue
            if a is None or b is None or not _same(a[start:stop], b):
                return False
        return True


def _same(a: Any, b: Any) -> bool:  # noqa: ANN401  (tensors, or lists of them)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and torch.equal(a, b)
    rows: Sequence[tuple[Any, Any]] = list(zip(a, b, strict=False))
    return len(a) == len(b) and all(_same(x, y) for x, y in rows)

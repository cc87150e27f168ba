"""One denoiser call: its arguments by name, and which of them have an entry for each row.

A call that the pipeline made is the template of reference passes: the same arguments around other
latents. In which form the denoiser takes latents is read off the template: a batch or a list, with
axes of length one, packed into tokens, with positions as an argument or without; alone, or beside
what a pipeline puts into the same tensor (a mask, a source picture, depth).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Path = tuple[str | int, ...]  # names and indices that lead to a part of the arguments

# What a control model adds for the picture in work says nothing about a reference.
RESIDUALS = frozenset(
    {
        "down_block_additional_residuals",
        "mid_block_additional_residual",
        "down_intrablock_additional_residuals",
        "controlnet_block_samples",
        "controlnet_single_block_samples",
        "block_controlnet_hidden_states",
    }
)
TOKENS = -2  # axis of packed latents
_PACKED_DIMENSIONS = 2  # of one row of packed latents: (tokens, channels)
_GRID_COLUMNS = 2
_ALIKE = 0.99  # cosine of latents and their own part of the input, at any precision


@dataclass(frozen=True)
class Within:
    """Where the latents stand in one row of a denoiser's input that holds more than these.

    Parameters
    ----------
    axis
        Of the row, counted from its end: that of channels, or of tokens.
    start, count
        Their range on it.
    """

    axis: int
    start: int
    count: int

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the latents in one row, or in a batch of rows."""
        return rows.narrow(self.axis, self.start, self.count)

    def filled(self, row: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """Return a row with other latents beside the same things."""
        whole = row.clone()
        self.of(whole).copy_(latents)
        return whole


def holds_more(row: torch.Tensor, latents: torch.Tensor) -> bool:
    """Return whether a row of the input has the form of these latents and is larger on one axis."""
    return _longer_axis(row, in_form(latents, row)) is not None


def _longer_axis(row: torch.Tensor, latents: torch.Tensor) -> int | None:
    """Return the one axis on which a row is longer than latents of its form, if there is one."""
    if latents.dim() != row.dim():
        return None
    unlike = [i for i, n in enumerate(latents.shape) if n != row.shape[i]]
    if len(unlike) != 1 or latents.shape[unlike[0]] > row.shape[unlike[0]]:
        return None
    return unlike[0]


def within(row: torch.Tensor, latents: torch.Tensor) -> Within | None:
    """Return where `latents` stand in a row of the input; None if there is nothing but these.

    A scheduler may have scaled them. None as well if they are not to be found.

    Parameters
    ----------
    row
        Of the denoiser's input.
    latents
        Of the same picture, as the scheduler holds them.
    """
    latents = in_form(latents, row)
    axis = _longer_axis(row, latents)
    if axis is None:
        return None
    count, first = latents.shape[axis], latents.select(axis, 0)
    for start in range(row.shape[axis] - count + 1):
        place = Within(axis - row.dim(), start, count)
        if _proportional(row.select(axis, start), first) and _proportional(place.of(row), latents):
            return place
    return None


def _proportional(a: torch.Tensor, b: torch.Tensor) -> bool:
    cosine = functional.cosine_similarity(a.float().flatten(), b.to(a).float().flatten(), dim=0)
    return float(cosine) > _ALIKE


@dataclass(frozen=True)
class Call:
    """Arguments of one denoiser call, by name.

    Parameters
    ----------
    arguments
        By name, those without a default and those given.
    latents_name, timestep_name
        Which of them are the latents and the timestep.
    per_row
        The parts that have one entry for each row. Without it every tensor as long as the batch is
        taken for one; `batched` measures it.
    within
        Where the latents stand in their argument, if there is more in it.
    """

    arguments: Mapping[str, Any]
    latents_name: str
    timestep_name: str
    per_row: frozenset[Path] | None = None
    within: Within | None = None

    @property
    def input(self) -> Any:  # noqa: ANN401  (a tensor, (rows, …), or a list of as many)
        """The latents of the call, and what the pipeline put beside them into the same tensor."""
        return self.arguments[self.latents_name]

    @property
    def latents(self) -> Any:  # noqa: ANN401  (as above)
        """The latents of the call."""
        if self.within is None:
            return self.input
        if isinstance(self.input, torch.Tensor):
            return self.within.of(self.input)
        return [self.within.of(row) for row in self.input]

    @property
    def timestep(self) -> torch.Tensor:
        """The timestep of the call, a number or one for each row."""
        return torch.as_tensor(self.arguments[self.timestep_name])

    @property
    def rows(self) -> int:
        """Number of rows of the batch."""
        return len(self.input)

    @property
    def packed(self) -> bool:
        """Whether the latents of a row are tokens, (tokens, channels)."""
        dimensions: int = self.input[0].dim()
        return dimensions == _PACKED_DIMENSIONS

    @property
    def tokens(self) -> slice:
        """Which of the tokens of a row are the latents', where these are packed."""
        if self.within is None or self.within.axis != TOKENS:
            return slice(0, len(self.input[0]))
        return slice(self.within.start, self.within.start + self.within.count)

    def with_rows(
        self, rows: Sequence[int], latents: torch.Tensor, timestep: torch.Tensor
    ) -> dict[str, Any]:
        """Return arguments with other latents and the conditioning of the chosen `rows`.

        What stands beside the latents in their tensor is conditioning too. The timestep is a
        number, or has one entry or as many as there are rows.
        """
        per_row = _as_long(self.arguments, self.rows) if self.per_row is None else self.per_row
        chosen = {
            name: None if name in RESIDUALS else _take(value, list(rows), (name,), per_row)
            for name, value in self.arguments.items()
        }
        formed = [in_form(x, self.latents[0]) for x in latents]
        alike = self.input
        if self.within is not None:
            formed = [
                self.within.filled(alike[row], x) for row, x in zip(rows, formed, strict=True)
            ]
        chosen[self.latents_name] = (
            torch.stack(formed).to(alike)
            if isinstance(alike, torch.Tensor)
            else [x.to(alike[0]) for x in formed]
        )
        if timestep.dim():  # one without dimensions may meet tensors of any device
            timestep = timestep.to(alike[0].device)
        if timestep.dim() and len(timestep) != len(rows):
            timestep = timestep[:1].expand(len(rows))
        chosen[self.timestep_name] = timestep
        return chosen

    def batched(self, doubled: Call) -> Call:
        """Return this call with `per_row` measured against the same call for twice the pictures."""
        found = _doubling(self.arguments, doubled.arguments, self.rows)
        return replace(self, per_row=frozenset(found))

    def around(self, sample: torch.Tensor) -> Call:
        """Return this call with its latents found: they are what the scheduler steps from."""
        return replace(self, within=within(self.input[0], sample[0]))

    def part(self, path: Path) -> Any:  # noqa: ANN401  (any part of the arguments)
        """Return the part of the arguments at `path`, or None if there is none."""
        found: Any = self.arguments
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    @property
    def grid(self) -> tuple[int, int] | None:
        """Rows and columns of the latents' tokens, if positions are told; else None."""
        found = _grid(self)
        return None if found is None else found[2]

    def beside(self, other: Call) -> Call:
        """Return this call with its picture right of all of the other's, if positions are told.

        Rotary positions that two pictures share make a token attend to whatever stands at its own
        place in the other one (arXiv 2503.12590). Positions are an argument of the call if some
        tensor has a row for each token, and two columns that count rows and columns of tokens.
        Source pictures in the same sequence stay where they are.
        """
        mine, theirs = _grid(self), _grid(other)
        if mine is None or theirs is None or mine[0] != theirs[0]:
            return self
        path, column, _ = mine
        ids, others = self.part(path), other.part(path)
        moved, own = ids.clone(), self.tokens
        moved[..., own, column] += others[..., column].max() + 1 - ids[..., own, column].min()
        return replace(self, arguments=_replaced(self.arguments, path, moved))


def in_form(latents: torch.Tensor, form: torch.Tensor) -> torch.Tensor:
    """Return one picture's `latents` with the number of axes of `form`, by axes of length one.

    Both have their axes in the same order; of several candidates the first is taken, for the last
    axes are height and width.
    """
    excess = form.dim() - latents.dim()
    if excess > 0:
        for axis in [i for i, n in enumerate(form.shape) if n == 1][:excess]:
            latents = latents.unsqueeze(axis)
    elif excess < 0:
        for axis in [i for i, n in enumerate(latents.shape) if n == 1][:-excess][::-1]:
            latents = latents.squeeze(axis)
    return latents


def tensors(value: object, path: Path = ()) -> Iterator[tuple[Path, torch.Tensor]]:
    """Yield the tensors in `value` with their paths, in a fixed order."""
    if isinstance(value, torch.Tensor):
        yield path, value
    else:
        for step, part in _parts(value):
            yield from tensors(part, (*path, step))


def _parts(value: object) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, (list, tuple)) else []


def _take(value: Any, rows: Sequence[int], path: Path, per_row: frozenset[Path]) -> Any:  # noqa: ANN401  (any argument)
    """Return `value` with the chosen rows of every part that has one entry per row."""
    if path in per_row:
        if isinstance(value, torch.Tensor):
            return value[torch.tensor(list(rows), device=value.device)]
        return type(value)([value[row] for row in rows])
    if isinstance(value, dict):
        return {name: _take(part, rows, (*path, name), per_row) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_take(x, rows, (*path, i), per_row) for i, x in enumerate(value)])
    return value


def _as_long(value: object, rows: int) -> frozenset[Path]:
    return frozenset(p for p, x in tensors(value) if x.dim() > 0 and len(x) == rows)


def _doubling(one: object, two: object, rows: int, path: Path = ()) -> Iterator[Path]:
    """Yield the parts with one entry per row, which are twice as long in `two`."""
    sized = isinstance(one, (list, tuple)) or (isinstance(one, torch.Tensor) and one.dim() > 0)
    if sized and len(one) == rows and len(two) == 2 * rows:  # type: ignore[arg-type]
        yield path
        return
    for (step, a), (_, b) in zip(_parts(one), _parts(two), strict=False):
        if type(a) is type(b):
            yield from _doubling(a, b, rows, (*path, step))


def _grid(call: Call) -> tuple[Path, int, tuple[int, int]] | None:
    """Return the argument with the positions of packed tokens, and its column for the x axis.

    The third are the numbers of rows and columns.
    """
    if not call.packed:
        return None
    tokens = len(call.input[0])
    for path, ids in tensors(call.arguments):
        if path == (call.latents_name,) or ids.dim() < _PACKED_DIMENSIONS or len(ids.shape) > 3:  # noqa: PLR2004  (a batch of tables)
            continue
        table = ids.reshape(-1, *ids.shape[-2:])[0]
        if len(table) != tokens:
            continue
        rows = [tuple(row) for row in table[call.tokens].tolist()]
        counts = [len(set(column)) for column in zip(*rows, strict=True)]
        spans = [i for i, n in enumerate(counts) if n > 1]
        if len(spans) != _GRID_COLUMNS:
            continue
        first, last = spans
        if len(set(rows)) == len(rows) == counts[first] * counts[last]:
            return path, last, (counts[first], counts[last])
    return None


def _replaced(value: Any, path: Path, part: torch.Tensor) -> Any:  # noqa: ANN401  (any argument)
    """Return a copy of `value` with another part at `path`."""
    if not path:
        return part
    step, *rest = path
    if isinstance(value, dict):
        return {k: _replaced(v, tuple(rest), part) if k == step else v for k, v in value.items()}
    return type(value)(
        [_replaced(v, tuple(rest), part) if i == step else v for i, v in enumerate(value)]
    )

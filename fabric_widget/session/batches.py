"""Generate a round in batches: smaller ones need less memory."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.results import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine import GeneratedImage, Progress, Recipe, Round
    from fabric_widget.session.maker import PictureMaker


def generate_in_batches(
    fabric: PictureMaker,
    prompt: str,
    *,
    num_images: int,
    seed: int,
    batch_size: int | None,
    on_step: Callable[[Progress], object] | None,
    on_images: Callable[[int, tuple[GeneratedImage, ...]], object] | None,
    recipes: Sequence[Recipe],
    **arguments: Any,
) -> Round:
    """Return one round, made `batch_size` pictures at a time; parameters as for `Session.generate`.

    Raises
    ------
    ValueError
        The batch size is less than 1.
    """
    if batch_size is not None and not operator.index(batch_size) > 0:
        message = f"batch_size is {batch_size!r}: give 1 or more, or None"
        raise ValueError(message)
    parts: list[Round] = []
    sizes = _batch_sizes(num_images, batch_size)
    for batch, size in enumerate(sizes):
        first = sum(sizes[:batch])
        made = fabric(
            prompt,
            num_images=size,
            seed=seed + first,
            on_step=_counted(on_step, batch, len(sizes), first),
            plan=recipes[first : first + size],
            **arguments,
        )
        parts.append(made)
        if on_images is not None:
            on_images(first, made.images)
    return joined(parts)


def _batch_sizes(num_images: int, batch_size: int | None) -> list[int]:
    if batch_size is None or not batch_size < num_images:
        return [num_images]
    whole, rest = divmod(num_images, batch_size)
    return [batch_size] * whole + [rest] * (rest > 0)


def _counted(
    on_step: Callable[[Progress], object] | None, batch: int, batches: int, first: int
) -> Callable[[Progress], object] | None:
    """Return an `on_step` for one batch that counts steps over the whole round."""
    if on_step is None:
        return None

    def counted(progress: Progress) -> object:
        step, steps = batch * progress.steps + progress.step, batches * progress.steps
        return on_step(replace(progress, step=step, steps=steps, first=first))

    return counted

"""Arguments with a batch of their own, beside one prompt: pictures, masks, control pictures.

A list of pictures may be one for each picture to be made, which many pipelines take; or one for
each of several control models or adapters, which is none of a batch. Only the pipeline can tell,
so it is asked first, and its refusal is put into words that name the argument.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.arguments.embeddings import is_prompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ABOUT_SHAPES = re.compile(r"size|shape|batch|dimension|expand|length|duplicate", re.IGNORECASE)
_BATCH_DIMENSIONS = 4  # of pictures in a tensor: (pictures, …)
_PICTURES = (Image.Image, np.ndarray, torch.Tensor)
_LATENTS = "latents"  # the start of each picture: always one for each


def batches_of(arguments: Mapping[str, Any]) -> dict[str, int]:
    """Return how many pictures each argument has that has more than one."""
    counts = {
        name: len(value)
        for name, value in arguments.items()
        if name != _LATENTS and not is_prompt(name, value) and _is_batch(value)
    }
    return {name: count for name, count in counts.items() if count > 1}


def first_of(arguments: Mapping[str, Any], pictures: int) -> dict[str, Any]:
    """Return the arguments with the first alone of what has one for each of several pictures."""
    counts = batches_of(arguments)
    return {
        name: value[:1] if counts.get(name) == pictures else value
        for name, value in arguments.items()
    }


def is_picture(name: str, value: object) -> bool:
    """Return whether an argument may bring a picture: as such, in numbers, by its name."""
    if isinstance(value, (list, tuple)):
        return any(is_picture(name, part) for part in value)
    if "prompt" in name or name == _LATENTS:
        return False
    named = "image" in name and isinstance(value, str)
    return named or isinstance(value, _PICTURES)


@contextmanager
def named(kind: str, arguments: Mapping[str, Any], pictures: int) -> Iterator[None]:
    """Put what a pipeline says of unequal shapes into words about its arguments.

    Raises
    ------
    FabricError
        It failed, and there is an argument with a batch of its own.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        counts = batches_of(arguments)
        told = _ABOUT_SHAPES.search(str(error)) is not None
        if not counts or not told or isinstance(error, (FabricError, torch.OutOfMemoryError)):
            raise
        listed = " and ".join(f"{name} has {count} entries" for name, count in counts.items())
        message = (
            f"{listed} beside one prompt, of which {kind} cannot make {pictures} "
            f"picture{'s' * (pictures > 1)}: give one entry, or one for each picture where the "
            f"pipeline takes them ({error})"
        )
        raise FabricError(message) from error


def _is_batch(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(part, _PICTURES) for part in value)
    return isinstance(value, (np.ndarray, torch.Tensor)) and value.ndim == _BATCH_DIMENSIONS

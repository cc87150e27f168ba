"""Run a model on many pictures in batches, so that memory does not grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from fabric_widget.engine.votes.images import read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    from PIL import Image

CHUNK = 16
"""Batch size of a model."""


def in_batches(
    look: Callable[[list[Image.Image]], torch.Tensor],
    pictures: Sequence[Image.Image],
    width: int,
    chunk: int = CHUNK,
) -> npt.NDArray[np.float64]:
    """Return a model's outputs for pictures, without gradients.

    Parameters
    ----------
    look
        Turns n RGB pictures into a tensor (n, width).
    pictures
        Anything that `fabric_widget.engine.votes.images.read_picture` reads.
    width
        Length of the output for one picture.
    chunk
        Batch size.

    Returns
    -------
    numpy.ndarray
        (n, width).
    """
    seen = np.empty((len(pictures), width))
    with torch.inference_mode():
        for start in range(0, len(pictures), chunk):
            some = [read_picture(picture) for picture in pictures[start : start + chunk]]
            seen[start : start + len(some)] = look(some).double().cpu().numpy()
    return seen


def unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return vectors (..., d) at unit length; a vector of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: npt.NDArray[np.float64] = rows / np.where(lengths == 0, 1, lengths)
    return scaled

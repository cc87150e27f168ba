"""Previews of a run: small images from latents, also from packed ones."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.pipeline.latents import (
    aspect_ratio,
    autoencoder,
    can_encode,
    channels_of,
)
from fabric_widget.engine.pipeline.packing import unpack
from fabric_widget.engine.preview.decoders import (
    DecoderPreview,
    LinearPreview,
    fit_linear,
    rescaled,
)
from fabric_widget.engine.preview.predicted_original import less_noisy, predicted_original

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from PIL import Image

    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.preview.predicted_original import Point

    Previews = Callable[[torch.Tensor], list[Image.Image]]

# Of latents: (B, tokens, C), (B, C, h, w) and (B, C, 1, h, w).
_PACKED_DIMENSIONS, _FLAT_DIMENSIONS, _FILM_DIMENSIONS = 3, 4, 5


class Previewer:
    """Makes the previews of a pipeline's runs.

    Parameters
    ----------
    pipe
        The pipeline.
    decoder
        A small decoder, or None for a linear map that is fitted to the pipeline's autoencoder.
    """

    def __init__(self, pipe: Pipeline, decoder: Any = None) -> None:  # noqa: ANN401  (anything with diffusers' decode)
        self._pipe = pipe
        self._decoder = DecoderPreview(decoder) if decoder is not None else None
        self._fitted: tuple[object, LinearPreview] | None = None

    def previews(self, arguments: Mapping[str, Any], device: torch.device) -> Previews | None:
        """Return a function from latents to images, or None if the pipeline allows none.

        Parameters
        ----------
        arguments
            The pipeline's: they tell the size of pictures whose latents are packed.
        device
            Where the autoencoder runs.
        """
        decode: DecoderPreview | LinearPreview | None = self._decoder
        if decode is None:
            if not can_encode(self._pipe):
                return None
            encoder = autoencoder(self._pipe)
            if self._fitted is None or self._fitted[0] is not encoder:
                self._fitted = (encoder, fit_linear(self._pipe, device))
            decode = self._fitted[1]
        return functools.partial(_unpacked_previews, self._pipe, decode, arguments)


def preview_images(
    previews: Previews | None, latents: torch.Tensor, points: Sequence[Point] = ()
) -> list[Image.Image]:
    """Return previews of latents, or of what the last two steps predict."""
    if previews is None:
        return []
    return previews(rescaled(less_noisy(latents, predicted_original(points))))


def _unpacked_previews(
    pipe: Pipeline,
    decode: DecoderPreview | LinearPreview,
    arguments: Mapping[str, Any],
    latents: torch.Tensor,
) -> list[Image.Image]:
    """Return previews of latents that may be packed, or have an axis of time."""
    channels = decode.channels if isinstance(decode, LinearPreview) else channels_of(pipe)
    pictures: torch.Tensor | None = latents
    if latents.dim() == _FILM_DIMENSIONS:
        pictures = latents.squeeze(2)
    elif latents.dim() == _PACKED_DIMENSIONS:
        pictures = unpack(pipe, latents, channels, aspect_ratio(latents[0], arguments))
    if pictures is None or pictures.dim() != _FLAT_DIMENSIONS or pictures.shape[1] != channels:
        return []
    return decode(pictures)

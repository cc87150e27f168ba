"""From votes to references: latents and noise, or the latents of a picture's own making.

A generated image brings its latents and is never decoded and encoded again. Any other picture is
encoded once, at its own aspect ratio and about the area of the picture to be made.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from PIL import Image, ImageOps

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.fingerprint import seed_of
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.pipeline.call import in_form
from fabric_widget.engine.pipeline.latents import (
    autoencoder,
    channels_of,
    encode,
    pixels_per_latent,
    size_multiple,
)
from fabric_widget.engine.pipeline.packing import pack
from fabric_widget.engine.votes.images import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.trajectory import Trajectory
    from fabric_widget.engine.votes.votes import CheckedVote

_KEPT_ENCODINGS = 256  # latents of uploads: a few kilobytes each
_SIZE_MULTIPLE = 8  # pixels: pipelines refuse other sizes, whatever their autoencoder
_PACKED_DIMENSIONS, _FILM_DIMENSIONS = 2, 4  # of one picture's latents
_FLAT_DIMENSIONS = 4  # of a reference's, (1, C, h, w)


@dataclass(frozen=True, eq=False)
class Reference:
    """A picture as latents and noise, ready for the denoiser.

    Parameters
    ----------
    id
        Digest of the content.
    latents, noise
        (1, C, h, w), or packed (1, tokens, C), float32 on the CPU. The noise is always the same for
        the same id.
    trajectory
        The latents that it passed through while it was made; None for pictures from elsewhere,
        which are noised.
    size
        Height and width in pixels that the pipeline would be asked for to make it; empty for a
        picture of the pipeline's own size.
    """

    id: str
    latents: torch.Tensor
    noise: torch.Tensor
    size: Mapping[str, int] = field(default_factory=dict)
    trajectory: Trajectory | None = None

    @property
    def aspect(self) -> float:
        """Width divided by height; 1 if neither latents nor size tell."""
        if self.latents.dim() == _FLAT_DIMENSIONS:  # sizes are rounded to what pipelines take
            return self.latents.shape[-1] / self.latents.shape[-2]
        return self.size["width"] / self.size["height"] if self.size else 1.0


class ReferenceMaker:
    """Makes references from votes; encodes each picture once.

    Parameters
    ----------
    pipe
        Its autoencoder encodes.
    denoiser
        Its denoiser says which sizes fit.
    """

    def __init__(self, pipe: Pipeline, denoiser: Denoiser) -> None:
        self._pipe = pipe
        self._denoiser = denoiser
        self._encoder: object = None
        self._encodings: OrderedDict[tuple[str, tuple[int, int]], torch.Tensor] = OrderedDict()

    def make(
        self,
        vote: CheckedVote,
        like: torch.Tensor | Sequence[torch.Tensor],
        coarseness: int = 1,
        exactly: Call | None = None,
    ) -> Reference:
        """Return the reference of a vote.

        Parameters
        ----------
        vote
            What was voted on.
        like
            Latents as the denoiser takes them, in a batch or a list of (C, h, w) or (tokens, C):
            they give the form, the channels and the area.
        coarseness
            By how many times the least possible unit the sides of a picture are rounded.
        exactly
            A call of the very size that a picture is to be cut to.

        Raises
        ------
        BadReference
            The latents are those of another kind of pipeline, or a picture cannot be brought into
            the form of this one's.
        """
        form = like[0]
        packed = form.dim() == _PACKED_DIMENSIONS
        last = packed or self._channels_last(form)
        if isinstance(vote.content, GeneratedImage):
            latents = vote.content.latents
            asked = vote.content.settings
            size = {name: asked[name] for name in ("height", "width") if asked.get(name)}
        else:
            fitting = (
                self._fitting(vote.content, form, coarseness)
                if exactly is None
                else self._cut(vote.content, exactly)
            )
            latents = self._encoded(vote.id, fitting)
            if packed:
                latents = pack(self._pipe, latents.unsqueeze(0), form.shape[-1])[0]
                size = {"height": fitting.height, "width": fitting.width}
            elif last:
                latents = latents.movedim(0, -1)
        axis = -1 if last else 0
        formed = in_form(latents, form)
        if formed.dim() != form.dim() or formed.shape[axis] != form.shape[axis]:
            message = (
                f"a reference has latents of shape {tuple(latents.shape)}, but this "
                f"{type(self._pipe).__name__} works on {form.shape[axis]} channels"
                f"{' packed into tokens' if packed else ''}: give images made by "
            )
            message += (
                "a pipeline with the same autoencoder, or the picture itself"
                if isinstance(vote.content, GeneratedImage)
                else "this pipeline, for it has no way from a picture to such latents"
            )
            raise BadReference(message)
        if not latents.isfinite().all():
            message = "a reference has latents that are not finite numbers: leave it out"
            raise BadReference(message)
        latents = latents.detach().cpu().float().unsqueeze(0)
        generator = torch.Generator().manual_seed(seed_of(vote.id))
        noise = torch.randn(latents.shape, generator=generator)
        if not packed:  # the latents say themselves how large they are
            size = self._pixels(latents.movedim(-1, 1) if last else latents)
        made = vote.content
        trajectory = made.trajectory if isinstance(made, GeneratedImage) else None
        return Reference(vote.id, latents, noise, size, trajectory)

    def _pixels(self, latents: torch.Tensor) -> dict[str, int]:
        """Return the size in pixels of a picture with these latents, (…, h, w)."""
        height, width = (
            math.ceil(side * pixels_per_latent(self._pipe) / _SIZE_MULTIPLE) * _SIZE_MULTIPLE
            for side in latents.shape[-2:]
        )
        return {"height": height, "width": width}

    def _channels_last(self, form: torch.Tensor) -> bool:
        """Return whether latents are single video frames with channels last, (1, h, w, C)."""
        film = form.dim() == _FILM_DIMENSIONS and len(form) == 1
        return (
            film
            and autoencoder(self._pipe) is not None
            and (form.shape[-1] == channels_of(self._pipe))
        )

    def _cut(self, picture: Image.Image, call: Call) -> Image.Image:
        """Return the picture cropped to the size of the latents of a call."""
        form = call.latents[0]
        sides: Sequence[int] = form.shape[-3:-1] if self._channels_last(form) else form.shape[-2:]
        if call.packed:
            if call.grid is None:
                message = (
                    f"{type(self._pipe).__name__} makes no picture of a size like that of a "
                    "reference, and does not tell which it makes: give one of the pictures' size"
                )
                raise BadReference(message)
            patch = math.isqrt(form.shape[-1] // channels_of(self._pipe))
            sides = [side * patch for side in call.grid]
        height, width = (side * pixels_per_latent(self._pipe) for side in sides)
        return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)

    def _fitting(self, picture: Image.Image, form: torch.Tensor, coarseness: int) -> Image.Image:
        """Return the picture, not cropped, with about the area of latents like `form`."""
        last = self._channels_last(form)
        latents = form.numel() // form.shape[-1] if last else math.prod(form.shape[-2:])
        if form.dim() == _PACKED_DIMENSIONS and autoencoder(self._pipe) is not None:
            latents //= channels_of(self._pipe)
        area = latents * pixels_per_latent(self._pipe) ** 2
        multiple = size_multiple(self._pipe, self._denoiser.model) * coarseness
        return fitted(picture, area, multiple)

    def _encoded(self, identity: str, picture: Image.Image) -> torch.Tensor:
        encoder = autoencoder(self._pipe)
        if encoder is not self._encoder:
            self._encodings.clear()
            self._encoder = encoder
        key = (identity, picture.size)
        if key not in self._encodings:
            self._encodings[key] = encode(self._pipe, [picture], self._denoiser.device)[0]
            if len(self._encodings) > _KEPT_ENCODINGS:
                self._encodings.popitem(last=False)
        self._encodings.move_to_end(key)
        return self._encodings[key]

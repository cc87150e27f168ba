"""A generated picture, with all that it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from PIL import Image

    from fabric_widget.engine.trajectory import Trajectory


@dataclass(frozen=True, eq=False)
class GeneratedImage:
    """A picture with its latents, seed, prompt and settings.

    Two are equal if their `id` is.

    Parameters
    ----------
    image
        The picture as the pipeline decoded it.
    latents
        Final latents, float32 on the CPU, in the pipeline's latent space and as its denoising loop
        leaves them: (C, h, w), or (tokens, C) where they are packed.
    seed
        Of this picture alone.
    prompt
        The prompt.
    settings
        The pipeline's arguments.
    id
        Digest of the latents, unless given.
    trajectory
        The latents that it passed through, or None if they are not known.
    """

    image: Image.Image
    latents: torch.Tensor
    seed: int
    prompt: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    trajectory: Trajectory | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Set the id, a digest of the content."""
        if not self.id:
            object.__setattr__(self, "id", digest(self.latents))

    @property
    def start_noise(self) -> torch.Tensor | None:
        """The start noise as it was drawn, without a batch axis, or None if it is not known."""
        return None if self.trajectory is None else self.trajectory.start

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same picture."""
        return isinstance(other, GeneratedImage) and other.id == self.id

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash(self.id)

"""Results of a run: pictures, rounds, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, overload

from fabric_widget.engine.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch
    from PIL import Image

    from fabric_widget.engine.lens.influence import Influence


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
    """

    image: Image.Image
    latents: torch.Tensor
    seed: int
    prompt: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        """Set the id, a digest of the content."""
        if not self.id:
            object.__setattr__(self, "id", digest(self.latents))

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same picture."""
        return isinstance(other, GeneratedImage) and other.id == self.id

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash(self.id)


@dataclass(frozen=True, eq=False)
class Round(Sequence[GeneratedImage]):
    """The pictures of one run, in the order of their seeds.

    Parameters
    ----------
    images
        The pictures.
    prompt, seed, settings
        What they were made from; picture i has seed ``seed + i``.
    output
        What the pipeline itself returned; a tuple of these if the pictures were made in batches.
    influence
        Which reference drew how much of the attention; None if no lens was asked for, or nothing
        was lent.
    contributions
        Mean share of the attention, 0 … 1, of each reference that was lent, by its id; empty
        without a lens.
    """

    images: tuple[GeneratedImage, ...]
    prompt: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: Any = field(default=None, repr=False)
    influence: Influence | None = field(default=None, repr=False)
    contributions: Mapping[str, float] = field(default_factory=dict)

    def seen(self, influence: Influence | None) -> Self:
        """Return this round with the influence that a lens recorded."""
        if influence is None:
            return self
        return replace(self, influence=influence, contributions=dict(influence.contributions))

    @overload
    def __getitem__(self, index: int) -> GeneratedImage: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[GeneratedImage, ...]: ...

    def __getitem__(self, index: int | slice) -> GeneratedImage | tuple[GeneratedImage, ...]:
        """Return one picture, or a tuple of several."""
        return self.images[index]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.images)

    def __iter__(self) -> Iterator[GeneratedImage]:
        """Yield the pictures."""
        return iter(self.images)


@dataclass(frozen=True)
class Progress:
    """Progress of a run, reported after each step.

    Parameters
    ----------
    step
        Number of the step just finished, from 1.
    steps
        Number of all steps. Samplers of second order make about two of one inference step.
    first
        Index of the first picture under way in the round that they will belong to.
    """

    step: int
    steps: int
    _previews: Callable[[], list[Image.Image]] = field(default=list, repr=False, compare=False)
    first: int = 0

    def previews(self) -> list[Image.Image]:
        """Return one small picture per image, from the latents of this step.

        Empty if the pipeline has nothing to make previews with.
        """
        return self._previews()

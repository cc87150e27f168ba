"""Results of a run: rounds of pictures, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, overload

from fabric_widget.engine.generated_image import GeneratedImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from PIL import Image

    from fabric_widget.engine.lens.influence import Influence
    from fabric_widget.engine.plans.recipe import Recipe


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
    recipes
        What each picture followed, and in words what it tries; empty where that is not known.
    """

    images: tuple[GeneratedImage, ...]
    prompt: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: Any = field(default=None, repr=False)
    influence: Influence | None = field(default=None, repr=False)
    contributions: Mapping[str, float] = field(default_factory=dict)
    recipes: tuple[Recipe, ...] = field(default=(), repr=False)

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


def joined(parts: Sequence[Round]) -> Round:
    """Return the pictures of several rounds as one round."""
    if len(parts) == 1:
        return parts[0]
    images = tuple(image for part in parts for image in part)
    names = dict.fromkeys(name for part in parts for name in part.contributions)
    contributions = {
        name: sum(len(part) * part.contributions.get(name, 0.0) for part in parts) / len(images)
        for name in names
    }
    return replace(
        parts[0],
        images=images,
        output=tuple(part.output for part in parts),
        influence=None,  # of a part of the pictures
        contributions=contributions,
        recipes=tuple(recipe for part in parts for recipe in part.recipes),
    )


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

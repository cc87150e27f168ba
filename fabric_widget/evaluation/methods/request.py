"""The input of a method: the prompt, the seeds, and all earlier rounds with their votes.

A method is one function of a `Fabric` and a `MethodRequest`. It keeps no state between calls, so
that a round depends only on its request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch
from PIL import Image

from fabric_widget.engine import GeneratedImage, Vote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine import Fabric
    from fabric_widget.evaluation.people.simulated_user import Opinion

Picture = GeneratedImage | Image.Image


@dataclass(frozen=True)
class Shown:
    """One earlier round: its seeds, its pictures and the votes on them."""

    seeds: tuple[int, ...]
    pictures: tuple[Picture, ...]
    opinion: Opinion


@dataclass(frozen=True)
class MethodRequest:
    """The input of a method for the next round.

    Parameters
    ----------
    prompt
        The prompt.
    seeds
        Consecutive seeds of the round's pictures. Methods that start from them are compared in
        pairs.
    shown
        The earlier rounds, oldest first.
    arguments
        The pipeline's own arguments, such as ``num_inference_steps``.
    """

    prompt: str
    seeds: tuple[int, ...]
    shown: tuple[Shown, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def liked(self) -> list[tuple[Picture, float]]:
        """Liked pictures of all earlier rounds with their strengths, more than 0."""
        return [(picture, strength) for picture, strength in self._votes() if strength > 0]

    @property
    def disliked(self) -> list[tuple[Picture, float]]:
        """Disliked pictures of all earlier rounds with their strengths, more than 0."""
        return [(picture, -strength) for picture, strength in self._votes() if strength < 0]

    @property
    def statements(self) -> list[Vote]:
        """What was said about pictures: of each attribute the newest, which is the best."""
        newest: dict[str, Vote] = {}
        for shown in self.shown:
            for one in shown.opinion.statements:
                newest.pop(one.attribute, None)
                picture = shown.pictures[one.position]
                newest[one.attribute] = Vote(picture, aspect=one.aspect, part=one.part)
        return list(newest.values())

    def generators(self) -> list[torch.Generator]:
        """Return a new generator for each picture, for pipelines that are called directly."""
        return [torch.Generator().manual_seed(seed) for seed in self.seeds]

    def _votes(self) -> list[tuple[Picture, float]]:
        """Return every vote; of a picture that was shown twice, the newest."""
        newest: dict[Any, tuple[Picture, float]] = {}
        for shown in self.shown:
            for picture, strength in zip(shown.pictures, shown.opinion.strengths, strict=True):
                if strength:
                    key = picture.id if isinstance(picture, GeneratedImage) else picture.tobytes()
                    newest[key] = (picture, strength)
        return list(newest.values())


class Method(Protocol):
    """Makes the next round of pictures from the votes on earlier rounds."""

    def __call__(self, fabric: Fabric, request: MethodRequest) -> Sequence[Picture]:
        """Return a round of pictures, one for each seed."""

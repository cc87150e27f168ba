"""Every picture of a session made once more, and compared with the one that was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine import FabricError, GenerationCancelled
from fabric_widget.session.replay.again import made_again
from fabric_widget.session.replay.environment import differences, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.engine import GeneratedImage
    from fabric_widget.session.state import Turn


@dataclass(frozen=True)
class Replayed:
    """One picture, kept and made once more.

    Parameters
    ----------
    round
        Index of its round.
    kept
        The picture of the session.
    made
        The one made now; None if it could not be.
    problem
        Why not.
    same
        Whether pixels and latents are equal to the bit.
    largest
        The largest difference of a pixel, 0 … 255; None where there is none to compare.
    """

    round: int
    kept: GeneratedImage = field(repr=False)
    made: GeneratedImage | None = field(default=None, repr=False)
    problem: str = ""
    same: bool = False
    largest: int | None = None


@dataclass(frozen=True)
class Replay:
    """How a session came out.

    Parameters
    ----------
    pictures
        Every picture, round by round.
    differences
        What is different now from when the session was made, in words.
    """

    pictures: tuple[Replayed, ...]
    differences: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every picture is the same to the bit."""
        return all(picture.same for picture in self.pictures)

    def __str__(self) -> str:
        """Say how many pictures agree, and which do not."""
        count = len(self.pictures)
        agree = sum(picture.same for picture in self.pictures)
        lines = [*self.differences, f"{agree} of {count} pictures agree to the bit"]
        lines += [told(picture) for picture in self.pictures if not picture.same]
        return "\n".join(lines)


def replay(
    fabric: Any,  # noqa: ANN401  (a Fabric, a HiRes)
    turns: Sequence[Turn],
    environments: Sequence[Mapping[str, Any]],
    *,
    on_step: Callable[[int, int, float], object] | None = None,
    on_start: Callable[[tuple[str, ...]], object] | None = None,
    on_picture: Callable[[Replayed], object] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Replay:
    """Make every round once more and compare the pictures.

    Each round follows the pictures that were kept, so that one difference does not make others.

    Parameters
    ----------
    fabric
        Makes the pictures.
    turns
        The rounds.
    environments
        What the session was made with, as far as it says.
    on_step
        Called after each step with the index of the round, the number of rounds, and how much of
        this one is done, 0 … 1.
    on_start
        Called with what is different now, before anything is made.
    on_picture
        Called with each picture when it is compared.
    stopped
        Asked before each round and after each step, of any pass, whether that is enough.

    Raises
    ------
    GenerationCancelled
        It was stopped, or a run of it cancelled.
    SessionFileError
        A picture that was kept cannot be read.
    """
    found = differences(environments, environment_of(fabric))
    if on_start is not None:
        on_start(found)
    pictures: list[Replayed] = []
    for index, turn in enumerate(turns):

        def check(index: int = index) -> None:
            if stopped():
                message = f"cancelled in round {index + 1} of {len(turns)}"
                raise GenerationCancelled(message)

        def step(progress: Any, index: int = index) -> None:  # noqa: ANN401  (the engine's)
            check(index)
            if on_step is not None:
                on_step(index, len(turns), progress.step / progress.steps)

        check()
        made, problem = _tried(fabric, turn, turns, step)
        for kept, new in zip(turn.round, made, strict=True):
            compared = _compared(index, kept, new, problem)
            pictures.append(compared)
            if on_picture is not None:
                on_picture(compared)
    return Replay(tuple(pictures), found)


def _tried(
    fabric: Any,  # noqa: ANN401
    turn: Turn,
    turns: Sequence[Turn],
    step: Callable[[Any], object],
) -> tuple[Sequence[GeneratedImage | None], str]:
    """Return the pictures of a round made once more, or why they could not be."""
    try:
        return made_again(fabric, turn, turns, step).images, ""
    except GenerationCancelled:
        raise
    except (FabricError, TypeError, ValueError, RuntimeError) as error:
        return [None] * len(turn.round), f"{type(error).__name__}: {error}"


def told(picture: Replayed) -> str:
    """Return in words how a picture came out."""
    name = f"round {picture.round + 1}, seed {picture.kept.seed}"
    if picture.same:
        return f"{name}: the same to the bit"
    if picture.made is None:
        return f"{name}: could not be made: {picture.problem}"
    if picture.largest is None:
        return (
            f"{name}: another size, {picture.kept.image.size} then, {picture.made.image.size} now"
        )
    if picture.largest == 0:
        return f"{name}: the same pixels, other latents"
    return f"{name}: pixels differ by up to {picture.largest} of 255"


def _compared(
    index: int, kept: GeneratedImage, made: GeneratedImage | None, problem: str
) -> Replayed:
    if made is None:
        return Replayed(index, kept, None, problem)
    largest = _largest(kept, made)
    latents = kept.latents.shape == made.latents.shape and torch.equal(kept.latents, made.latents)
    return Replayed(index, kept, made, same=largest == 0 and latents, largest=largest)


def _largest(kept: GeneratedImage, made: GeneratedImage) -> int | None:
    one, other = (np.asarray(each.image, np.int16) for each in (kept, made))
    return int(np.abs(one - other).max()) if one.shape == other.shape else None

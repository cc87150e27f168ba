"""Generate a picture again to see which votes influenced which place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fabric_widget.engine import Everything, FabricError, HiRes, Lens
from fabric_widget.session.votes import checked_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine import Fabric, GeneratedImage, Influence, Progress, Recipe
    from fabric_widget.session.state import Turn


def influence_of(
    fabric: Fabric,
    turns: Sequence[Turn],
    picture: GeneratedImage,
    lens: Lens,
    on_step: Callable[[Progress], object] | None,
) -> Influence | None:
    """Return the influence of a round's votes on one of its pictures; see `Session.look`."""
    if not isinstance(lens, Lens):
        message = f"lens is a {type(lens).__name__}: give a Lens"
        raise TypeError(message)
    found = [(turn, image) for turn in turns for image in turn.round if image == picture]
    if not found:
        message = "no round of this session made this picture: give one of session.rounds"
        raise ValueError(message)
    if isinstance(fabric, HiRes):
        message = "a picture of two passes cannot be looked into: give the session a Fabric"
        raise FabricError(message)
    turn, image = found[-1]
    if not turn.votes:
        return None
    made = fabric(
        image.prompt,
        num_images=1,
        seed=image.seed,
        plan=_recipe(turn, image),
        schedule=turn.schedule,
        lens=replace(lens, image=0),
        on_step=on_step,
        **image.settings,
    )
    return made.influence


def _recipe(turn: Turn, image: GeneratedImage) -> Sequence[Recipe]:
    """Return what a picture of a turn followed; before there were plans, that was everything."""
    recipes = turn.round.recipes or Everything().recipes(checked_of(turn.votes), len(turn.round), 0)
    return [recipes[turn.round.images.index(image)]]

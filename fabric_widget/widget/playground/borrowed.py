"""What the reference lends: attention layers, and a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.playground.settings import ALL, BOX, DEPTHS, FINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Recipe
    from fabric_widget.engine.votes.aspects import AspectTable
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.playground.settings import PlaygroundSettings


def layer_weights(layers: str, tokens: Sequence[int]) -> tuple[float, ...]:
    """Return the weight of each attention layer, 0 or 1.

    Parameters
    ----------
    layers
        One of `LAYERS`.
    tokens
        How many tokens of the picture each layer has, in order of execution.

    Raises
    ------
    ValueError
        No layer is chosen by this on such a pipeline.
    """
    from fabric_widget.engine.schedule import coarseness

    if layers == ALL:
        return (1.0,) * len(tokens)
    if layers in DEPTHS:
        third = DEPTHS.index(layers)
        found = [float(3 * i // len(tokens) == third) for i in range(len(tokens))]
    else:
        levels = coarseness(tokens)
        if len(set(levels)) == 1:
            message = (
                "this pipeline has one attention level, so none is finer or coarser: choose the "
                "first, middle or last layers"
            )
            raise ValueError(message)
        found = [float((level == 0) == (layers == FINE)) for level in levels]
    if not any(found):
        message = f"this pipeline has {len(tokens)} attention layers, too few for thirds of them"
        raise ValueError(message)
    return tuple(found)


def recipe_of(setting: PlaygroundSettings, reference: Picture, table: AspectTable | None) -> Recipe:
    """Return what the steered picture follows.

    Parameters
    ----------
    setting
        Says which part counts, and on which side.
    reference
        The picture.
    table
        Which layers count, as what "colors" mean; None for all.
    """
    from fabric_widget.engine import Recipe, Vote
    from fabric_widget.engine.votes.votes import read_votes
    from fabric_widget.widget.images.encoding import pixels

    aspect = "all" if table is None else "colors"
    said = Vote(reference, 1.0, aspect, _part(setting, pixels(reference).size))
    sides: list[list[Any]] = [[], []]
    sides[setting.dislike].append(said)
    votes = read_votes(*sides)
    return Recipe(votes.liked, votes.disliked, aspects=table)


def _part(setting: PlaygroundSettings, size: tuple[int, int]) -> object:
    if setting.part == ALL:
        return None
    if setting.part != BOX:
        return setting.part
    width, height = size
    (left, right), (top, bottom) = (
        sorted(pair)  # two sliders may pass one another
        for pair in (
            (setting.box_left, setting.box_right),
            (setting.box_top, setting.box_bottom),
        )
    )
    return left * width, top * height, right * width, bottom * height

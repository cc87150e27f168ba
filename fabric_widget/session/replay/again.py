"""One round made once more, with the recipes, seeds and settings that it was made with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import FabricError, HiRes
from fabric_widget.session.batches import generate_in_batches
from fabric_widget.session.loras import ARGUMENTS, in_runs, uses_of
from fabric_widget.session.remaking import STEPS, TWO_PASSES, made_by, recipe_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine import GeneratedImage, Progress, Round
    from fabric_widget.session.state import Turn

LEFT_OUT = "left_out"
_SCALE, _STRENGTH = 2.0, 0.5  # of enlargements of before they were noted


def made_again(
    fabric: Any,  # noqa: ANN401  (a Fabric, a HiRes)
    turn: Turn,
    turns: Sequence[Turn],
    on_step: Callable[[Progress], object] | None = None,
) -> Round:
    """Return a round of a session, made once more.

    Parameters
    ----------
    fabric
        Makes the pictures.
    turn
        The round.
    turns
        All rounds of the session: an enlarged picture is made from an earlier one.
    on_step
        Called after each step.

    Raises
    ------
    FabricError
        It cannot be made from what was kept. Or the engine's.
    TypeError, ValueError
        The pipeline does not take an argument.
    """
    left_out = turn.options.get(LEFT_OUT)
    if left_out:
        message = f"it was made with {', '.join(map(str, left_out))}, which no file can hold"
        raise FabricError(message)
    with in_runs(uses_of(turn)):
        if turn.kind == "enlarged":
            return _enlarged(fabric, turn, turns, on_step)
        return _generated(fabric, turn, on_step)


def _generated(
    fabric: Any,  # noqa: ANN401
    turn: Turn,
    on_step: Callable[[Progress], object] | None,
) -> Round:
    made, passes = turn.round, turn.options.get(TWO_PASSES)
    return generate_in_batches(
        _one_pass(fabric) if passes is None else _two_passes(fabric, passes),
        made.prompt,
        num_images=len(made),
        seed=made.seed,
        batch_size=turn.options.get("batch_size"),
        on_step=on_step,
        on_images=None,
        recipes=[recipe_of(turn, image) for image in made],
        schedule=turn.schedule,
        **(made.settings if passes is None else turn.options[ARGUMENTS]),
    )


def _enlarged(
    fabric: Any,  # noqa: ANN401
    turn: Turn,
    turns: Sequence[Turn],
    on_step: Callable[[Progress], object] | None,
) -> Round:
    (made,) = turn.round
    parent, original = _original(turn, made, turns)
    second = HiRes(
        _one_pass(fabric),
        scale=turn.options.get("scale", _SCALE),
        strength=turn.options.get("strength", _STRENGTH),
    )
    steps = {} if parent.full_steps is None else {STEPS: parent.full_steps}
    return second.enlarge(
        [replace(original, settings={**original.settings, **steps})],
        plan=[recipe_of(parent, original)],
        schedule=turn.schedule,
        on_step=on_step,
    )


def _original(
    turn: Turn, made: GeneratedImage, turns: Sequence[Turn]
) -> tuple[Turn, GeneratedImage]:
    """Return the picture that one was enlarged from, and its round."""
    if turn.parent is not None and turn.parent < len(turns):
        parent = turns[turn.parent]
        for image in parent.round:
            if image.seed == made.seed:
                return parent, image
    message = "the picture that it was made from is not in the session"
    raise FabricError(message)


def _one_pass(fabric: Any) -> Any:  # noqa: ANN401
    return fabric.fabric if isinstance(fabric, HiRes) else fabric


def _two_passes(fabric: Any, passes: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return a HiRes like the one of then: the given one, where it is like it."""
    if isinstance(fabric, HiRes) and made_by(fabric, {})[TWO_PASSES] == passes:
        return fabric
    return HiRes(_one_pass(fabric), **passes)

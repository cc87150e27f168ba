"""The arguments of a call of `Fabric`, checked before anything runs."""

from __future__ import annotations

import difflib
import operator
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffusers import DiffusionPipeline

from fabric_widget.engine.attention.token_budget import TokenBudget
from fabric_widget.engine.errors import FabricWarning
from fabric_widget.engine.fingerprint import derived_seed
from fabric_widget.engine.pipeline.arguments.embeddings import declared
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.plans.recipe import Plan, Recipe
from fabric_widget.engine.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.engine.lens.lens import Lens
    from fabric_widget.engine.results import Progress
    from fabric_widget.engine.votes.aspects import AspectTable
    from fabric_widget.engine.votes.votes import Votes

_NEEDED = ("prompt", "num_images_per_prompt", "generator")
_MAX_IMAGES = 64
_SEED_LIMIT = 2**32  # generators on the CPU use no more of a seed
_OURS = {
    "generator": "give seed: picture i is made with its own generator, seeded seed + i",
    "num_images_per_prompt": "give num_images",
    "return_dict": "Fabric returns a Round, whose output is what the pipeline returned",
}
_SOME_MORE = ("callback", "callback_steps")  # taken by pipelines without being in their signature


@dataclass(frozen=True)
class Request:
    """The checked arguments of a call.

    Parameters
    ----------
    prompt, num_images, seed, schedule, lens, on_step
        As for `Fabric`.
    recipes
        What each picture follows.
    arguments
        The pipeline's own, recommended ones included.
    """

    prompt: str
    num_images: int
    seed: int
    recipes: Sequence[Recipe]
    schedule: Schedule
    lens: Lens | None
    on_step: Callable[[Progress], object] | None
    arguments: Mapping[str, Any]


def check_pipeline(pipe: object) -> None:
    """Raise a TypeError unless a pipeline makes pictures from a prompt."""
    if not isinstance(pipe, DiffusionPipeline):
        message = f"{type(pipe).__name__} is not a diffusers pipeline: give a DiffusionPipeline"
        raise TypeError(message)
    lacking = [name for name in _NEEDED if name not in parameters_of(pipe)]
    if lacking:
        message = (
            f"{type(pipe).__name__} does not take {', '.join(lacking)}: give a pipeline that "
            "makes pictures from a prompt"
        )
        raise TypeError(message)


def check_bytes(name: str, value: int | None, *, optional: bool = False) -> None:
    """Raise a ValueError if a number of bytes is negative; None stands for one if `optional`."""
    if value is None and optional:
        return
    if not operator.index(value) >= 0:  # type: ignore[arg-type]  # None raises a TypeError
        message = f"{name} is {value!r}: give 0 or more{', or None' if optional else ''}"
        raise ValueError(message)


def checked_bits(value: int) -> int:
    """Return the number of bits that the cache keeps numbers in, or raise a ValueError."""
    if value not in {8, 16}:
        message = f"cache_bits is {value!r}: give 16 for the denoiser's own precision, or 8"
        raise ValueError(message)
    return value


def checked_arguments(pipe: object, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the pipeline's arguments, or raise a TypeError for one that `Fabric` sets itself.

    Raises
    ------
    TypeError
        One is.

    Warns
    -----
    FabricWarning
        The pipeline takes any argument, but declares none of this name.
    """
    for ours, instead in _OURS.items():
        if ours in given:
            message = f"{ours} cannot be given to Fabric: {instead}"
            raise TypeError(message)
    parameters = parameters_of(pipe)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in declared(pipe, given):
        if takes_any and name not in {*parameters, *_SOME_MORE}:
            alike = difflib.get_close_matches(name, parameters, n=1)
            hint = f"; did you mean {alike[0]}?" if alike else ""
            warnings.warn(
                f"{type(pipe).__name__} declares no argument {name!r} and may ignore it{hint}",
                FabricWarning,
                stacklevel=3,  # whoever called Fabric
            )
    return given


def planned(
    plan: Plan | Sequence[Recipe],
    votes: Votes,
    num_images: int,
    seed: int,
    *,
    silent: bool,
    aspects: AspectTable,
) -> Sequence[Recipe]:
    """Return a recipe for each picture, or raise a ValueError if there are not as many.

    A schedule that is `silent` leaves nothing of them. `aspects` is what aspects mean to those that
    do not say it themselves.
    """
    recipes = plan.recipes(votes, num_images, seed) if isinstance(plan, Plan) else plan
    if len(recipes) != num_images:
        message = (
            f"the plan has {len(recipes)} recipes for {num_images} pictures: give one for each"
        )
        raise ValueError(message)
    return [Recipe()] * num_images if silent else [recipe.meaning(aspects) for recipe in recipes]


def checked_prompt(prompt: object) -> str:
    """Return the prompt, or raise a TypeError if it is not one text."""
    if not isinstance(prompt, str):
        message = f"prompt is a {type(prompt).__name__}: give one text"
        raise TypeError(message)
    return prompt


def checked_schedule(schedule: Schedule | None) -> Schedule | None:
    """Return a schedule or None, or raise a TypeError."""
    if schedule is not None and not isinstance(schedule, Schedule):
        message = f"schedule is a {type(schedule).__name__}: give a Schedule"
        raise TypeError(message)
    return schedule


def checked_token_budget(
    token_budget: TokenBudget | None, economy: TokenBudget | None
) -> TokenBudget | None:
    """Return a token budget or None, or raise a TypeError; `economy` is its former name.

    Warns
    -----
    DeprecationWarning
        It was given under its former name.
    """
    if economy is not None:
        message = "economy= is called token_budget= now"
        warnings.warn(message, DeprecationWarning, stacklevel=3)  # whoever made a Fabric
        token_budget = economy
    if token_budget is not None and not isinstance(token_budget, TokenBudget):
        message = f"token_budget is a {type(token_budget).__name__}: give a TokenBudget"
        raise TypeError(message)
    return token_budget


def checked_number(num_images: object) -> int:
    """Return the number of pictures, 1 … 64, or raise a ValueError."""
    return _checked_integer("num_images", num_images, 1, _MAX_IMAGES)


def checked_seed(seed: object) -> int:
    """Return the first seed if every picture's is below 2³², or raise a ValueError."""
    return _checked_integer("seed", seed, 0, _SEED_LIMIT - _MAX_IMAGES)


def usable_seed(seed: int) -> int:
    """Return a first seed that counts; one too large is derived, for adding to it tells nothing."""
    limit = _SEED_LIMIT - _MAX_IMAGES
    return seed if seed <= limit else derived_seed(seed) % limit


def _checked_integer(name: str, value: object, least: int, greatest: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        message = f"{name} is {value!r}: give a whole number from {least} to {greatest}"
        raise ValueError(message)
    number = operator.index(value)
    if not least <= number <= greatest:
        message = f"{name} is {value!r}: give a whole number from {least} to {greatest}"
        raise ValueError(message)
    return number

"""Rounds as JSON. Pictures are named by their ids, and read elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import GeneratedImage, Round, Schedule
from fabric_widget.session.as_json import typed
from fabric_widget.session.as_json.records import (
    LORAS,
    loras_from_json,
    recipes_as_json,
    recipes_from_json,
    votes_as_json,
    votes_from_json,
)
from fabric_widget.session.state import KINDS, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session.as_json.records import Lookup
    from fabric_widget.session.state import State
    from fabric_widget.session.votes import Picture

_MOST_IMAGES = 64
_MOST_STEPS = 100_000


def turn_as_json(turn: Turn) -> dict[str, Any]:
    """Return a round as JSON. Settings that JSON cannot hold are named as left out."""
    made = turn.round
    return {
        "prompt": made.prompt,
        "seed": made.seed,
        "settings": plain(made.settings),
        "parent": turn.parent,
        "kind": turn.kind,
        "full_steps": turn.full_steps,
        "options": _options(turn),
        "schedule": None if turn.schedule is None else asdict(turn.schedule),
        "votes": votes_as_json(turn.votes),
        "recipes": recipes_as_json(made.recipes),
        "contributions": dict(made.contributions),
        "images": [image.id for image in made],
    }


def _options(turn: Turn) -> dict[str, Any]:
    """Return the options, with the names of the arguments that JSON cannot hold."""
    options = dict(turn.options)
    given = options.get("arguments", {})
    lost = [*options.get("left_out", []), *turn.round.settings, *given]
    kept = {**plain(turn.round.settings), **plain(given)}
    left_out = sorted(set(lost) - set(kept))
    options |= {"arguments": plain(given)} if given else {}
    return options | ({"left_out": left_out} if left_out else {})


def turn_from_json(content: Mapping[str, Any], picture: Lookup) -> Turn:
    """Return a round.

    Parameters
    ----------
    content
        What `turn_as_json` returned, now or in an earlier version.
    picture
        Returns a picture by its id.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is something else.
    """
    images = tuple(generated(picture(name)) for name in typed.listed(content["images"], "images"))
    if not 0 < len(images) <= _MOST_IMAGES:
        message = f"a round has {len(images)} pictures, and should have 1 to {_MOST_IMAGES}"
        raise ValueError(message)
    contributions = {  # not in folders of before there were any
        name: typed.number(share, "a contribution", 0, 1 + 1e-6)
        for name, share in typed.mapping(content.get("contributions", {}), "contributions").items()
    }
    made = Round(
        images,
        typed.text(content["prompt"], "a prompt"),
        typed.whole(content["seed"], "a seed"),
        typed.settings(content["settings"], "settings"),
        contributions=contributions,
        recipes=recipes_from_json(content.get("recipes", []), picture),
    )
    if len(made.recipes) not in {0, len(images)}:
        message = f"a round has {len(made.recipes)} recipes for {len(images)} pictures"
        raise ValueError(message)
    schedule = None if content["schedule"] is None else Schedule(**content["schedule"])
    kind, steps = content.get("kind", "round"), content.get("full_steps")  # not in older folders
    if kind not in KINDS or (steps is None) != (kind != "drafts"):
        message = f"a round is {kind!r} with full steps {steps!r}"
        raise ValueError(message)
    options = typed.mapping(content.get("options", {}), "options")
    typed.settings(options.get("arguments", {}), "arguments")
    loras_from_json(options.get(LORAS, []))
    for name in typed.listed(options.get("left_out", []), "left_out"):
        typed.text(name, "a name in left_out")
    return Turn(
        made,
        votes_from_json(content["votes"], picture),
        schedule,
        None if content["parent"] is None else typed.whole(content["parent"], "a parent"),
        kind,
        None if steps is None else typed.whole(steps, "full_steps", _MOST_STEPS),
        options,
    )


def check_places(state: State, checked: int) -> None:
    """Raise a ValueError if a state names a round that it does not have.

    Parameters
    ----------
    state
        It.
    checked
        How many of its rounds, from the first on, were checked before.
    """
    count = len(state.turns)
    if state.current is not None:
        typed.whole(state.current, "the current round", count - 1)
    for index, turn in enumerate(state.turns[checked:], checked):
        if turn.parent is not None:
            typed.whole(turn.parent, f"the parent of round {index}", index - 1)


def starred_from_json(names: object, picture: Lookup) -> tuple[str, ...]:
    """Return the ids of starred pictures, each of which a round has made."""
    return tuple(generated(picture(name)).id for name in typed.listed(names, "starred"))


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that JSON can hold: texts, numbers, true, false and nothing."""
    return {name: value for name, value in settings.items() if typed.is_plain(value)}


def generated(picture: Picture) -> GeneratedImage:
    """Return the picture of a round, or raise a ValueError."""
    if not isinstance(picture, GeneratedImage):
        message = "a picture of a round has no latents"
        raise ValueError(message)  # noqa: TRY004  (what is wrong is the file)
    return picture

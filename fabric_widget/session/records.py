"""Votes and recipes as JSON."""

from __future__ import annotations

import base64
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine import GeneratedImage, Recipe, Start
from fabric_widget.engine.votes.aspects import AspectTable
from fabric_widget.engine.votes.parts import Part
from fabric_widget.engine.votes.votes import CheckedVote
from fabric_widget.session.votes import Vote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.session.votes import Picture

    Lookup = Callable[[str], Picture]  # from an id to the picture

_BYTE = 255


def votes_as_json(votes: Sequence[Vote | CheckedVote]) -> list[dict[str, Any]]:
    """Return votes with their pictures named by id."""
    return [
        {
            "picture": vote.id,
            "strength": vote.strength,
            "aspect": vote.aspect,
            "part": _part_as_json(vote.part),
            "in_place": vote.in_place,
        }
        for vote in votes
    ]


def votes_from_json(content: Any, picture: Lookup) -> tuple[Vote, ...]:  # noqa: ANN401  (JSON)
    """Return votes; those of older folders are strengths by id."""
    if isinstance(content, dict):
        return tuple(Vote(name, picture(name), float(s)) for name, s in content.items())
    return tuple(
        Vote(
            vote["picture"],
            picture(vote["picture"]),
            float(vote["strength"]),
            vote["aspect"],
            _part_from_json(vote["part"]),
            bool(vote["in_place"]),
        )
        for vote in content
    )


def recipes_as_json(recipes: Sequence[Recipe]) -> list[dict[str, Any]]:
    """Return recipes with all pictures named by id."""
    return [
        {
            "liked": votes_as_json(recipe.liked),
            "disliked": votes_as_json(recipe.disliked),
            "start": None
            if recipe.start is None
            else {"parent": recipe.start.parent.id, "own": recipe.start.own},
            "words": recipe.words,
            "aspects": recipe.aspects and asdict(recipe.aspects),
        }
        for recipe in recipes
    ]


def recipes_from_json(content: Sequence[Mapping[str, Any]], picture: Lookup) -> tuple[Recipe, ...]:
    """Return recipes; in folders of before there were plans there are none.

    Those of before aspects were measured mean the default.
    """
    return tuple(
        Recipe(
            _checked(recipe["liked"], picture),
            _checked(recipe["disliked"], picture),
            _start_from_json(recipe["start"], picture),
            recipe["words"],
            _aspects_from_json(recipe.get("aspects", {})),
        )
        for recipe in content
    )


def _aspects_from_json(content: Mapping[str, Any] | None) -> AspectTable | None:
    return None if content is None else AspectTable.read(content)


def _checked(content: Any, picture: Lookup) -> tuple[CheckedVote, ...]:  # noqa: ANN401  (JSON)
    return tuple(
        CheckedVote(
            vote.id, vote.image, vote.strength, vote.aspect, vote.part, vote.in_place, place
        )
        for place, vote in enumerate(votes_from_json(content, picture))
    )


def _start_from_json(content: Mapping[str, Any] | None, picture: Lookup) -> Start | None:
    if content is None:
        return None
    parent = picture(content["parent"])
    if not isinstance(parent, GeneratedImage):
        message = "a picture that start noise comes from has no latents"
        raise TypeError(message)
    return Start(parent, float(content["own"]))


def _part_as_json(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    if part.mask is None:
        return {"name": part.name}
    levels = (part.mask * _BYTE).round().to(torch.uint8).numpy()
    packed = base64.b64encode(zlib.compress(levels.tobytes())).decode()
    return {"name": part.name, "shape": list(levels.shape), "mask": packed}


def _part_from_json(content: Mapping[str, Any] | None) -> Part | None:
    if content is None or "mask" not in content:
        return None if content is None else Part(content["name"])
    raw = zlib.decompress(base64.b64decode(content["mask"]))
    levels = np.frombuffer(raw, np.uint8).reshape(content["shape"])
    return Part(content["name"], torch.from_numpy(levels.astype(np.float32)) / _BYTE)

"""Votes, recipes and LoRAs in use as JSON."""

from __future__ import annotations

import base64
import zlib
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine import GeneratedImage, Recipe, Start
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.votes.aspects import AspectTable, read_aspect
from fabric_widget.engine.votes.parts import MOST_CELLS, PARTS, Part
from fabric_widget.engine.votes.votes import MOST_STRENGTH, CheckedVote
from fabric_widget.session.as_json import typed
from fabric_widget.session.state import LoRAUse
from fabric_widget.session.votes import Vote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.session.votes import Picture

    Lookup = Callable[[str], Picture]  # from an id to the picture

LORAS = "loras"
"""What the LoRAs in use are called in states, and in the options of turns."""
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
        return tuple(Vote(name, picture(name), _strength(s)) for name, s in content.items())
    return tuple(
        Vote(
            vote["picture"],
            picture(vote["picture"]),
            _strength(vote["strength"]),
            read_aspect(vote["aspect"]),
            _part_from_json(vote["part"]),
            typed.truth(vote["in_place"], "in_place"),
        )
        for vote in typed.listed(content, "votes")
    )


def loras_as_json(uses: Sequence[LoRAUse]) -> list[dict[str, Any]]:
    """Return the LoRAs in use."""
    return [asdict(use) for use in uses]


def loras_from_json(content: object) -> tuple[LoRAUse, ...]:
    """Return the LoRAs in use; sessions of before there were any have none."""
    return tuple(
        LoRAUse(
            typed.text(use["name"], "the name of a LoRA"),
            typed.text(use["digest"], "the digest of a LoRA"),
            typed.number(use["strength"], "the strength of a LoRA", 0, MOST_STRENGTH),
        )
        for use in typed.listed(content, LORAS)
    )


def _strength(value: object) -> float:
    return typed.number(value, "a strength", -MOST_STRENGTH, MOST_STRENGTH)


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
            typed.text(recipe["words"], "words"),
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
    return Start(parent, typed.number(content["own"], "own", 0, 1))


def _part_as_json(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    if part.mask is None:
        return {"name": part.name}
    levels = (part.mask * _BYTE).round().to(torch.uint8).numpy()
    packed = base64.b64encode(zlib.compress(levels.tobytes())).decode()
    return {"name": part.name, "shape": list(levels.shape), "mask": packed}


def _part_from_json(content: Mapping[str, Any] | None) -> Part | None:
    if content is None:
        return None
    if "mask" in content:
        return _drawn(content["name"], tuple(content["shape"]), content["mask"])
    if content["name"] not in PARTS:
        message = f"a part is called {content['name']!r}"
        raise ValueError(message)
    return Part(content["name"])


@lru_cache(maxsize=256)
def _drawn(name: str, shape: tuple[int, int], packed: str) -> Part:
    """Return a box or a mask; the same one for the same text."""
    rows, columns = (typed.whole(side, "a side of a mask", MOST_CELLS) for side in shape)
    raw = zlib.decompressobj().decompress(base64.b64decode(packed), rows * columns + 1)
    levels = np.frombuffer(raw, np.uint8).reshape(rows, columns)
    mask = torch.from_numpy(levels.astype(np.float32)) / _BYTE
    if name != digest("mask", mask):
        message = f"the mask of the part {name!r} is another one"
        raise ValueError(message)
    return Part(name, mask)

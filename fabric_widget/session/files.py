"""Save a session to a folder, and read it again.

Pictures are kept as PNG and latents as safetensors, each written once under the picture's id;
``session.json`` says what there is and is replaced as a whole, so that a folder is always either
the old session or the new one. What was taken back is not kept.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from fabric_widget.engine import GeneratedImage, Round, Schedule, Trajectory
from fabric_widget.session.records import (
    recipes_as_json,
    recipes_from_json,
    votes_as_json,
    votes_from_json,
)
from fabric_widget.session.state import KINDS, State, Turn

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import torch

    from fabric_widget.session.votes import Picture

_FORMAT = 2
_INDEX = "session.json"
_ID = re.compile(r"[0-9a-f]{8,64}")  # also keeps a file name from leaving the folder
DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    SafetensorError,
    UnidentifiedImageError,
)
_PLAIN = (str, int, float, bool, type(None))


def write(state: State, folder: str | os.PathLike[str]) -> None:
    """Write `state` into `folder`, which is created if needed.

    Arguments of the pipeline that JSON cannot hold (prompt embeddings, images) are left out.

    Raises
    ------
    FileExistsError
        The folder holds something else.
    OSError
        It cannot be written.
    """
    root = Path(folder)
    if root.exists() and not (root / _INDEX).is_file() and any(root.iterdir()):
        message = f"{root} holds other files and no session: give a new or an empty folder"
        raise FileExistsError(message)
    root.mkdir(parents=True, exist_ok=True)
    pictures = state.pictures
    for name, picture in pictures.items():
        _write_picture(root, name, picture)
    content = {
        "format": _FORMAT,
        "next_seed": state.next_seed,
        "prompt": state.prompt,
        "current": state.current,
        "votes": votes_as_json(state.votes),
        "starred": list(state.starred),
        "turns": [turn_as_json(turn) for turn in state.turns],
        "generated": {
            name: facts(image)
            for name, image in pictures.items()
            if isinstance(image, GeneratedImage)
        },
    }
    _replace(root / _INDEX, json.dumps(content, ensure_ascii=False, indent=1).encode())


def read(folder: str | os.PathLike[str]) -> State:
    """Return the state that was written into `folder`.

    Raises
    ------
    FileNotFoundError
        There is no session, or a file of it is missing.
    ValueError
        It is damaged, or was written by a newer version.
    """
    root = Path(folder)
    index = root / _INDEX
    if not index.is_file():
        message = f"there is no session in {root}: give a folder that Session.save has written"
        raise FileNotFoundError(message)
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        newer = content["format"] > _FORMAT
        state = None if newer else _state(root, content)
    except DAMAGE as error:
        message = f"the session in {root} is damaged ({type(error).__name__}: {error})"
        raise ValueError(message) from error
    if state is None:
        message = f"{index} was written by a newer version of fabric_widget: update the package"
        raise ValueError(message)
    return state


def _state(root: Path, content: dict[str, Any]) -> State:
    generated = content["generated"]

    @functools.cache
    def picture(name: str) -> Picture:
        return read_picture(root, name, generated.get(name))

    turns = [turn_from_json(turn, picture) for turn in content["turns"]]
    current = content["current"]
    if current is not None:
        turns[current]
    return State(
        next_seed=int(content["next_seed"]),
        turns=tuple(turns),
        current=current,
        votes=votes_from_json(content["votes"], picture),
        prompt=content["prompt"],
        starred=tuple(_generated(picture(name)).id for name in content.get("starred", [])),
    )


def turn_from_json(turn: Mapping[str, Any], picture: Callable[[str], Picture]) -> Turn:
    """Return a turn; `picture` gives the picture of an id."""
    contributions = {  # not in folders of before there were any
        name: float(share) for name, share in turn.get("contributions", {}).items()
    }
    made = Round(
        tuple(_generated(picture(name)) for name in turn["images"]),
        turn["prompt"],
        turn["seed"],
        turn["settings"],
        contributions=contributions,
        recipes=recipes_from_json(turn.get("recipes", []), picture),
    )
    schedule = None if turn["schedule"] is None else Schedule(**turn["schedule"])
    votes = votes_from_json(turn["votes"], picture)
    kind, steps = turn.get("kind", "round"), turn.get("full_steps")  # not in older folders
    if kind not in KINDS or (steps is None) != (kind != "drafts"):
        message = f"a round is {kind!r} with full steps {steps!r}"
        raise ValueError(message)
    full = None if steps is None else int(steps)
    return Turn(made, votes, schedule, turn["parent"], kind, full)


def turn_as_json(turn: Turn) -> dict[str, Any]:
    """Return a turn with its pictures named by id."""
    made = turn.round
    return {
        "prompt": made.prompt,
        "seed": made.seed,
        "settings": _plain(made.settings),
        "parent": turn.parent,
        "kind": turn.kind,
        "full_steps": turn.full_steps,
        "schedule": None if turn.schedule is None else asdict(turn.schedule),
        "votes": votes_as_json(turn.votes),
        "recipes": recipes_as_json(made.recipes),
        "contributions": dict(made.contributions),
        "images": [image.id for image in made],
    }


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if isinstance(value, _PLAIN)}


def _generated(picture: Picture) -> GeneratedImage:
    if not isinstance(picture, GeneratedImage):
        message = "a picture of a round has no latents"
        raise TypeError(message)
    return picture


def paths(root: Path, name: str) -> tuple[Path, Path]:
    """Return the paths of the picture and the latents of an id."""
    if not _ID.fullmatch(name):
        message = f"{name!r} is not the id of a picture"
        raise KeyError(message)
    return root / f"{name}.png", root / f"{name}.safetensors"


def _write_picture(root: Path, name: str, picture: Picture) -> None:
    """Write a picture and its latents, unless they are there already."""
    shown, latents = paths(root, name)
    if isinstance(picture, GeneratedImage):
        if not latents.exists():
            partial = latents.with_suffix(".part")
            save_file(tensors(picture), partial)
            partial.replace(latents)
        picture = picture.image
    if not shown.exists():
        partial = shown.with_suffix(".part")
        picture.save(partial, format="PNG")
        partial.replace(shown)


def facts(picture: GeneratedImage) -> dict[str, Any]:
    """Return what is written down of a generated picture beside its files."""
    settings = _plain(picture.settings)
    return {"prompt": picture.prompt, "seed": picture.seed, "settings": settings}


def read_picture(root: Path, name: str, told: Mapping[str, Any] | None) -> Picture:
    """Return a picture of a folder; `told` are the `facts` of one that was generated.

    Raises
    ------
    FileNotFoundError
        A file of it is missing.
    OSError, ValueError, KeyError
        It is damaged, or `name` is no id.
    """
    shown, latents = paths(root, name)
    for path in (shown, latents) if told else (shown,):
        if not path.is_file():
            message = f"{path.name} of the session in {root} is missing"
            raise FileNotFoundError(message)
    with Image.open(shown) as image:
        image.load()
        picture = image.copy()
    if told is None:
        return picture
    tensors = load_file(latents)
    return GeneratedImage(
        picture,
        tensors["latents"],
        told["seed"],
        told["prompt"],
        told["settings"],
        name,
        _trajectory(tensors),
    )


def tensors(picture: GeneratedImage) -> dict[str, torch.Tensor]:
    """Return what is kept of a picture beside its pixels."""
    tensors = {"latents": picture.latents}
    passed = picture.trajectory
    if passed is not None:
        tensors |= {"passed": passed.latents, "told": passed.told}
        tensors |= {"signal": passed.signal, "noise": passed.noise}
        tensors |= {} if passed.start is None else {"start": passed.start}
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _trajectory(tensors: Mapping[str, torch.Tensor]) -> Trajectory | None:
    """Return the trajectory; pictures of before there were any have none."""
    if "passed" not in tensors:
        return None
    return Trajectory(
        tensors["passed"],
        tensors["told"],
        tensors["signal"],
        tensors["noise"],
        tensors.get("start"),
    )


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(path)

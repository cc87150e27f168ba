"""Calls and results as bytes. Pictures in them are named; their bytes travel once.

A picture's name is made of its content, so that whoever holds a picture of a name has that picture.
Functions of a notebook travel as code.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine import GeneratedImage
from fabric_widget.engine.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = (str, int, float, bool, type(None))


def name_of(thing: object) -> str | None:
    """Return the name of a picture, made of its content; None for anything else."""
    if isinstance(thing, GeneratedImage):
        return f"made {thing.id} {_making_of(thing)}"
    if isinstance(thing, Image.Image):
        palette = str(thing.getpalette()) if thing.mode == "P" else ""
        return f"given {digest(thing.mode, palette, torch.from_numpy(np.array(thing)))}"
    return None


def pack(thing: object, name: Callable[[object], str | None] = lambda _: None) -> bytes:
    """Return an object as bytes.

    Parameters
    ----------
    thing
        A picture itself, or anything with pictures in it.
    name
        Returns the name of what stands in the bytes by its name alone, None for what they hold.

    Raises
    ------
    TypeError
        There is something in it that cannot leave this process.
    """
    from ray import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # untyped
        def persistent_id(self, part: object) -> str | None:
            return None if part is thing else name(part)

    buffer = io.BytesIO()
    try:
        Pickler(buffer).dump(thing)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        message = (
            f"{error}: what goes to a worker has to be something that pickle takes; open files, "
            "locks and models are made in the worker, by load"
        )
        raise TypeError(message) from error
    return buffer.getvalue()


def unpack(data: bytes, held: Callable[[str], object] | None = None) -> Any:  # noqa: ANN401  (whatever it was)
    """Return what was packed; `held` gives the pictures that stand in it by their names.

    Raises
    ------
    KeyError
        A picture of that name is not held.
    """

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: str) -> object:
            if held is None:
                raise KeyError(name)
            return held(name)

    return Unpickler(io.BytesIO(data)).load()


def _making_of(picture: GeneratedImage) -> str:
    """Return a digest of what a picture's id does not tell: settings, and what else is known."""
    settings = [f"{name} {_as_text(value)}" for name, value in sorted(picture.settings.items())]
    known = f"{picture.seed} {picture.trajectory is not None} {picture.start_noise is not None}"
    return digest(picture.prompt, known, *settings)[:16]


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_as_text, value))}]"
    return repr(value) if isinstance(value, _PLAIN) else name_of(value) or _digest_of(value)


def _digest_of(value: object) -> str:
    """Return a digest of anything that can be packed."""
    if isinstance(value, torch.Tensor):
        return digest(value)
    return digest(torch.frombuffer(bytearray(pack(value)), dtype=torch.uint8))

"""Pictures as PNG and safetensors, checked when they are read.

Ids are digests of contents: of the latents of a generated image, of the pixels of an upload. For
the pixels of a generated image the session keeps a digest of their own.
"""

from __future__ import annotations

import io
import re
import struct
import weakref
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load, save

from fabric_widget.engine import GeneratedImage, Trajectory
from fabric_widget.engine.fingerprint import digest
from fabric_widget.session.as_json import typed
from fabric_widget.session.files.png_text import HEADER, SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session.votes import Picture

MOST_PIXELS = 64_000_000  # as many as a picture may have that is liked
_ID = re.compile(r"[0-9a-f]{8,64}")  # also keeps a file name from leaving the folder
_SIZE = struct.Struct(">II2B")
_MODES = {(8, 0): "L", (8, 2): "RGB", (8, 4): "LA", (8, 6): "RGBA"}  # by bits and kind of color
_FOUR = 4  # dimensions of latents at most


@dataclass(frozen=True)
class Facts:
    """What a session knows of a picture without its files.

    Parameters
    ----------
    size
        Width and height in pixels.
    mode
        "RGB", "RGBA", "L" or "LA".
    pixels
        Digest of the pixels; "" in sessions of before they were kept.
    passed
        Digest of its trajectory, "" without one; None in sessions of before it was kept.
    """

    size: tuple[int, int]
    mode: str = "RGB"
    pixels: str = ""
    passed: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the facts as JSON."""
        return asdict(self) | {"size": list(self.size)}


_known: weakref.WeakKeyDictionary[GeneratedImage, Facts] = weakref.WeakKeyDictionary()


def png_name(name: str) -> str:
    """Return the file of a picture's pixels."""
    return f"{checked_id(name)}.png"


def tensors_name(name: str) -> str:
    """Return the file of a picture's latents."""
    return f"{checked_id(name)}.safetensors"


def checked_id(name: object) -> str:
    """Return the id of a picture, or raise a ValueError."""
    if not isinstance(name, str) or not _ID.fullmatch(name):
        message = f"{str(name)[:60]!r} is not the id of a picture"
        raise ValueError(message)
    return name


def facts_of(picture: Picture) -> Facts:
    """Return what a session notes about a picture."""
    if isinstance(picture, Image.Image):
        return Facts(picture.size)
    if picture not in _known:
        shown = _savable(picture.image)
        passed = _digest_of(picture.trajectory)
        _known[picture] = Facts(shown.size, shown.mode, pixels_of(shown), passed)
    return _known[picture]


def facts_from_json(content: Mapping[str, Any]) -> Facts:
    """Return facts, or raise a KeyError or a ValueError."""
    width, height = (typed.whole(side, "a side", MOST_PIXELS) for side in content["size"])
    mode, passed = content["mode"], content["passed"]
    if mode not in _MODES.values() or not 0 < width * height <= MOST_PIXELS:
        message = f"a picture is said to be {mode!r}, {width} by {height} pixels"
        raise ValueError(message)
    known = None if passed is None else typed.text(passed, "a digest")
    return Facts((width, height), mode, typed.text(content["pixels"], "a digest"), known)


def facts_from_png(head: bytes) -> Facts:
    """Return what the first bytes of a PNG say, or raise a ValueError."""
    if len(head) < HEADER or not head.startswith(SIGNATURE) or head[12:16] != b"IHDR":
        message = "it is not a PNG, or it was cut short"
        raise ValueError(message)
    width, height, bits, color = _SIZE.unpack_from(head, 16)
    if (bits, color) not in _MODES:
        message = f"it has {bits} bits in a kind of color ({color}) that no session has"
        raise ValueError(message)
    if not 0 < width * height <= MOST_PIXELS:
        message = f"it has {width} by {height} pixels, and at most {MOST_PIXELS} can be"
        raise ValueError(message)
    return Facts((width, height), _MODES[bits, color])


def encode(image: Image.Image, *, level: int = 6) -> bytes:
    """Return a picture as PNG, compressed at a level of zlib's, 0 … 9."""
    buffer = io.BytesIO()
    _savable(image).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def decode(png: bytes, facts: Facts) -> Image.Image:
    """Return the picture of a PNG; its size is checked before it is decoded.

    Raises
    ------
    Exception
        It is damaged, or not what the session says.
    """
    found = facts_from_png(png[:HEADER])
    if (found.size, found.mode) != (facts.size, facts.mode):
        message = (
            f"it is {found.mode}, {found.size[0]} by {found.size[1]} pixels, and the session says "
            f"{facts.mode}, {facts.size[0]} by {facts.size[1]}"
        )
        raise ValueError(message)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        image.load()
        picture = image.copy()
    picture.info = {}
    if facts.pixels and pixels_of(picture) != facts.pixels:
        message = "its pixels are not those that were saved: it was exchanged or changed"
        raise ValueError(message)
    return picture


def pixels_of(image: Image.Image) -> str:
    """Return a digest of pixels, as the engine names pictures that were not generated."""
    return digest("picture", torch.from_numpy(np.array(image)))


def tensors_as_bytes(picture: GeneratedImage) -> bytes:
    """Return what is kept of a picture beside its pixels, as safetensors."""
    tensors = {"latents": picture.latents}
    passed = picture.trajectory
    if passed is not None:
        tensors |= {"passed": passed.latents, "told": passed.told}
        tensors |= {"signal": passed.signal, "noise": passed.noise}
        tensors |= {} if passed.start is None else {"start": passed.start}
    form = torch.contiguous_format  # and none may share its memory with another
    return save({name: tensor.clone(memory_format=form) for name, tensor in tensors.items()})


def read_tensors(data: bytes, name: str, facts: Facts) -> tuple[torch.Tensor, Trajectory | None]:
    """Return latents and trajectory.

    Raises
    ------
    Exception
        They are damaged, not finite, or not those of the picture of this name.
    """
    tensors = load(data)
    latents = tensors["latents"]
    if not 0 < latents.ndim <= _FOUR or not latents.numel():
        message = f"the latents have the shape {tuple(latents.shape)}"
        raise ValueError(message)
    _check_finite("the latents", latents)
    if digest(latents) != name:
        message = "these are the latents of another picture: the file was exchanged or changed"
        raise ValueError(message)
    trajectory = _trajectory(tensors)
    if facts.passed is not None and facts.passed != _digest_of(trajectory):
        message = "the trajectory is not the one that was saved: the file was exchanged or changed"
        raise ValueError(message)
    return latents, trajectory


def _trajectory(tensors: Mapping[str, torch.Tensor]) -> Trajectory | None:
    """Return the trajectory; pictures of before there were any have none."""
    if "passed" not in tensors:
        return None
    passed, start = tensors["passed"], tensors.get("start")
    rows = [tensors[each] for each in ("told", "signal", "noise")]
    if passed.ndim < 2 or any(row.shape != passed.shape[:1] for row in rows):  # noqa: PLR2004
        shapes = ", ".join(str(tuple(each.shape)) for each in (passed, *rows))
        message = f"the trajectory has parts of the shapes {shapes}"
        raise ValueError(message)
    for what, each in (("trajectory", passed), ("timesteps", rows[0]), ("start noise", start)):
        if each is not None:
            _check_finite(f"the {what}", each)
    told, signal, noise = rows
    return Trajectory(passed, told, signal, noise, start)


def _digest_of(trajectory: Trajectory | None) -> str:
    if trajectory is None:
        return ""
    parts = (trajectory.latents, trajectory.told, trajectory.signal, trajectory.noise)
    start = () if trajectory.start is None else (trajectory.start,)
    return digest("trajectory", *parts, *start)


def _check_finite(what: str, tensor: torch.Tensor) -> None:
    if not bool(torch.isfinite(tensor).all()):
        message = f"{what} hold values that are not finite numbers"
        raise ValueError(message)


def _savable(image: Image.Image) -> Image.Image:
    """Return a picture in a mode that a session has."""
    if image.mode in _MODES.values():
        return image
    return image.convert("L" if image.mode == "1" else "RGB")

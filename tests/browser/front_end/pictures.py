"""Pictures, rounds and states as the kernel would send them, made without a model."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fabric_widget.demo.scenes import Scene, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

Json = dict[str, Any]


def wire(data: bytes) -> Json:
    """Say bytes in JSON; the harness makes them a DataView or a Uint8Array again."""
    return {"bytes": base64.b64encode(data).decode()}


def encode(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


@dataclass(frozen=True)
class Picture:
    """One picture of a round in every size it travels in."""

    seed: int
    screen: bytes
    thumb: bytes
    full: bytes
    side: int

    @property
    def id(self) -> str:
        return hashlib.sha256(self.full).hexdigest()[:12]

    def of_round(self) -> Json:
        return {
            "id": self.id,
            "seed": self.seed,
            "mime": "image/webp",
            "width": self.side,
            "height": self.side,
            "data": wire(self.screen),
        }

    def of_history(self, *, thumb: bool = True) -> Json:
        return {"id": self.id, "seed": self.seed, "thumb": wire(self.thumb) if thumb else None}

    def stored(self) -> Json:
        """What the kernel has to answer a fetch of this picture."""
        sizes = {"thumb": self.thumb, "screen": self.screen, "full": self.full}
        texts = {kind: base64.b64encode(data).decode() for kind, data in sizes.items()}
        return {"mime": "image/webp", "name": f"monster-{self.seed}.png", **texts}


@cache
def picture(seed: int, side: int = 128) -> Picture:
    """Draw the picture of this seed, always the same."""
    rng = random.Random(seed)
    image = render(Scene.sample(rng, kind="monster"), rng, side)
    return Picture(
        seed=seed,
        screen=encode(image, "webp"),
        thumb=encode(image.resize((96, 96)), "webp"),
        full=encode(image, "png"),
        side=side,
    )


def pictures(first: int, count: int = 4) -> list[Picture]:
    return [picture(seed) for seed in range(first, first + count)]


def ids(first: int, count: int = 4) -> list[str]:
    return [one.id for one in pictures(first, count)]


def round_of(
    index: int, shown: Sequence[Picture], prompt: str = "a monster", votes: Json | None = None
) -> Json:
    return {
        "index": index,
        "kind": "round",
        "prompt": prompt,
        "seed": shown[0].seed,
        "votes": votes or {},
        "contributions": {},
        "width": shown[0].side,
        "height": shown[0].side,
        "images": [one.of_round() for one in shown],
    }


def row_of(
    index: int,
    shown: Sequence[Picture],
    prompt: str = "a monster",
    *,
    thumbs: bool = True,
    liked: int = 0,
    disliked: int = 0,
) -> Json:
    return {
        "index": index,
        "parent": index - 1 if index else None,
        "kind": "round",
        "prompt": prompt,
        "negative_prompt": "",
        "seed": shown[0].seed,
        "liked": liked,
        "disliked": disliked,
        "contributions": {},
        "width": shown[0].side,
        "height": shown[0].side,
        "images": [one.of_history(thumb=thumbs) for one in shown],
    }


def status(phase: str, revision: int = 1, **more: Any) -> Json:
    quiet = {
        "message": "",
        "job": 0,
        "step": 0,
        "steps": 0,
        "eta": None,
        "rate": None,
        "count": 0,
        "width": 128,
        "height": 128,
        "again": "",
        "look": "",
        "pending": False,
        "error": None,
        "notice": None,
        "undo": "",
        "redo": "",
    }
    return {"revision": revision, "phase": phase, **quiet, **more}


RANGES = {
    "num_images": [1, 16, 1],
    "seed": [0, 2**32 - 64, 1],
    "steps": [1, 150, 1],
    "guidance": [0, 30, 0.1],
    "width": [64, 2048, 8],
    "height": [64, 2048, 8],
    "strength": [0, 2, 0.05],
    "start": [0, 1, 0.05],
    "end": [0, 1, 0.05],
    "dislike_scale": [0, 2, 0.05],
    "variety": [0, 1, 0.05],
}

STANDARD = {"strength": 0.8, "start": 0, "end": 0.8, "dislike_scale": 0.5, "normalize": True}
GENTLE = {"strength": 0.4, "start": 0.1, "end": 0.6, "dislike_scale": 0.25, "normalize": True}


def idle(**more: Any) -> Json:
    """Say every trait of a widget that has just been made."""
    return {
        "prompt": "a monster",
        "negative_prompt": "",
        "num_images": 4,
        "seed": 41,
        "lock_seed": False,
        "steps": None,
        "guidance": None,
        "width": None,
        "height": None,
        **STANDARD,
        "variety": None,
        "auto": True,
        "votes": {},
        "seen_round": -1,
        "status": status("idle"),
        "round": None,
        "history": [],
        "starred": [],
        "parts": {},
        "uploads": [],
        "presets": [
            {"name": "Standard", "builtin": True, "note": "as it comes", "values": STANDARD},
            {"name": "Gentle", "builtin": True, "note": "a light touch", "values": GENTLE},
            {"name": "Mine", "builtin": False, "note": "", "values": {**GENTLE, "strength": 1.5}},
        ],
        "info": {
            "title": "Demo model",
            "loaded": True,
            "device": "cpu",
            "defaults": {"steps": 20, "guidance": 7.5, "width": 64, "height": 64},
            "size_step": 8,
            "variety": 0.5,
            "subjects": True,
            "negative": True,
            "ranges": RANGES,
            "version": "0.1.0",
        },
        **more,
    }


def ready(rounds: int = 1, **more: Any) -> Json:
    """Say every trait after some rounds of four pictures; round i has the seeds 4i … 4i + 3."""
    groups = [pictures(4 * index) for index in range(rounds)]
    return idle(
        **{
            "status": status("ready", 10, job=rounds),
            "round": round_of(rounds - 1, groups[-1]),
            "history": [row_of(index, shown) for index, shown in enumerate(groups)],
            "seen_round": rounds - 1,
            **more,
        }
    )


def running(**more: Any) -> Json:
    """Say every trait in the midst of the second round."""
    numbers = {"job": 2, "step": 7, "steps": 20, "eta": 3.4, "rate": 1.6, "count": 4}
    under_way = status("running", 20, message="Drawing 4 pictures", **numbers)
    return ready(**{"status": under_way, **more})


ERROR: Json = {
    "title": "The GPU ran out of memory",
    "message": "CUDA out of memory. Tried to allocate 2.00 GiB.",
    "advice": "Lower the number of pictures or their size, then try again.",
    "traceback": 'Traceback (most recent call last):\n  File "pipe.py", line 3\nRuntimeError: boom',
    "retry": True,
}


def failed(**more: Any) -> Json:
    """Say every trait after a job that ran out of memory; the round before it is still there."""
    return ready(**{"status": status("error", 30, job=2, error=ERROR, message="Failed"), **more})


def offered(**more: Any) -> Json:
    """Say every trait of a new widget in a notebook that has an unfinished session."""
    offer = {
        "name": "2026-05-04-120000-abcdef",
        "rounds": 3,
        "votes": 1,
        "prompt": "a fox",
        "when": "2026-05-04T12:00:00+00:00",
        "note": "",
        "thumbs": [wire(each.thumb) for each in pictures(0, 3)],
        **more,
    }
    return idle(saving={"folder": "/home/me/sessions", "offer": offer})


def drafted(count: int = 12) -> Json:
    """A first round of drafts."""
    shown = pictures(0, count)
    now = round_of(0, shown) | {"kind": "drafts"}
    return ready(round=now, history=[row_of(0, shown) | {"kind": "drafts"}])


def tried() -> Json:
    """A second round, each picture of which says what it tries and whom it follows."""
    first, second = pictures(0), pictures(4)
    a, b = first[0].id, first[2].id
    now = round_of(1, second)
    words = (
        f"close to {{{a}}}",
        f"colors of {{{a}}}, form of {{{b}}}",
        f"colors of {{{b}}}, form of {{{a}}}",
        f"a variation on {{{a}}}",
    )
    for image, tries in zip(now["images"], words, strict=True):
        image |= {"tries": tries, "sources": [name for name in (a, b) if name in tries]}
    history = [row_of(0, first, liked=2), row_of(1, second, liked=2)]
    return ready(votes={a: 1, b: 1}, round=now, history=history)

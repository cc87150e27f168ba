"""24 pictures of the demo model, with and without votes, that must not change unnoticed.

`python -m tests.engine.golden` prints their digests; with `--write` it saves them as what
`test_golden.py` compares with. Do that only when a change of the pictures is meant, and say why.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from fabric_widget import Fabric, Schedule, load_demo
from fabric_widget.engine import Everything

if TYPE_CHECKING:
    from fabric_widget.engine.generated_image import GeneratedImage
    from fabric_widget.engine.results import Round

FILE = Path(__file__).with_name("golden.png")
STEPS = 6


def pictures() -> list[Image.Image]:
    """Return the pictures, four of a kind."""
    torch.set_num_threads(1)
    fabric = Fabric(load_demo(), plan=Everything())
    common: dict[str, Any] = {"num_images": 4, "num_inference_steps": STEPS}
    plain = _named(fabric("a monster", seed=0, **common))
    more = _named(fabric("a fish", seed=4, **common))
    upload = Image.linear_gradient("L").convert("RGB").resize((64, 64))
    rounds = [
        plain,
        fabric("a monster", seed=8, liked=[plain[1]], disliked=[plain[2]], **common),
        fabric("a monster", seed=8, liked=[*plain, *more[:2]], disliked=more[2:], **common),
        fabric("a monster", seed=8, liked=[plain[0]], schedule=Schedule.paper(), **common),
        fabric("a flower", seed=8, disliked=[plain[3], more[0]], guidance_scale=1.0, **common),
        fabric("a flower", seed=8, liked=[(upload, 0.5), (more[1], 2.0)], **common),
    ]
    return [image.image for made in rounds for image in made]


def _named(made: Round) -> list[GeneratedImage]:
    """Return pictures whose ids are the same on every processor.

    An id is a digest of latents, which processors round differently, and a reference's noise
    follows from its id.
    """
    return [replace(image, id=f"{image.prompt} {image.seed}", trajectory=None) for image in made]


def digest(picture: Image.Image) -> str:
    """Return a short digest of a picture's pixels."""
    return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()[:16]


def sheet(of: list[Image.Image]) -> Image.Image:
    """Return pictures in rows of four."""
    rows = [np.concatenate([np.asarray(p) for p in of[i : i + 4]], 1) for i in range(0, 24, 4)]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    made = pictures()
    if "--write" in sys.argv:
        sheet(made).save(FILE, optimize=True)
    sys.stdout.write("\n".join(map(digest, made)) + "\n")

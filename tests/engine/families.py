"""What was measured on each family of the zoo, once for all laws that ask for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from fabric_widget.engine.compatibility import Compatibility
    from fabric_widget.zoo import Family

# One of each kind: a U-Net with one text encoder and with two, joint attention with true guidance
# and without, one stream of tokens, cross attention in a transformer, pixels, a picture to start
# from, a prior, linear attention; beside the latents a mask, and a source as channels or as tokens.
KINDS = {
    "SD 1", "SDXL", "SD 3", "Flux", "Flux true CFG", "Qwen-Image", "Z-Image", "PixArt-Σ",
    "DeepFloyd IF", "SD 1 image-to-image", "SDXL inpainting", "Kandinsky 2.2", "PRX", "Sana",
    "SD 1 inpainting, 9 channels", "InstructPix2Pix", "Flux Kontext", "Qwen-Image Edit",
}  # fmt: skip


def one_of_each_kind(*without: str) -> list[Any]:
    """Return the names of all families but some, for tests that ask more than the survey does.

    Those alike to another one are left to the long run.
    """
    assert ZOO.keys() >= KINDS
    return [
        name if name in KINDS else pytest.param(name, marks=pytest.mark.soak)
        for name in ZOO
        if name not in without
    ]


def called(family: Family) -> dict[str, Any]:
    """Return the arguments that a family is called with."""
    return family.arguments | family.needs


@cache
def survey(name: str) -> Compatibility:
    """Return what a survey says of a new pipeline of the family."""
    family = ZOO[name]
    return check_compatibility(family.build(), num_images=family.pictures, **called(family))

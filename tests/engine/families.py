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


# Alike to a neighbor in all that is asked beyond the survey; the long run asks them too.
TWINS = frozenset(
    {
        "SDXL inpainting, 9 channels",
        "SDXL InstructPix2Pix",
        "SD 2 depth",
        "Kandinsky 2.2 image-to-image",
        "Kandinsky 2.2 inpainting",
        "Flux Fill",
        "Flux Kontext true CFG",
        "Flux 2 Klein with a picture",
        "Qwen-Image Edit Plus",
    }
)


def chosen(*without: str) -> list[Any]:
    """Return the names of all families but some, for tests that ask more than the survey does."""
    assert ZOO.keys() >= TWINS
    return [
        pytest.param(name, marks=pytest.mark.soak) if name in TWINS else name
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

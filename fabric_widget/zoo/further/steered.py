"""The pictures and masks that further pipelines are called with, and the parts they borrow."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.zoo.family import builder

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.zoo.family import Parts


def picture(side: int = 16) -> Image.Image:
    """Return a start or control image."""
    return Image.linear_gradient("L").resize((side, side)).convert("RGB")


def mask(side: int = 16) -> Image.Image:
    """Return a mask: white in its corners."""
    return Image.radial_gradient("L").resize((side, side))


def started(side: int = 16) -> dict[str, Any]:
    """Return arguments that begin with a picture, of which nothing is kept."""
    return {"image": picture(side), "strength": 1.0}


def inpainted(side: int = 16) -> dict[str, Any]:
    """Return arguments that begin with a picture and change a part of it."""
    return started(side) | {"mask_image": mask(side)}


def variant(
    kind: Any, family: Callable[[], Any], **more: Callable[[Any], Any]
) -> Callable[[], Any]:
    """Return what builds a `kind` of pipeline with the components of a family's.

    Parameters
    ----------
    kind
        The class.
    family
        Builds the family's pipeline.
    more
        Functions of that pipeline that return further components, by name.
    """

    @builder
    def build() -> Parts:
        pipe = family()
        taken = inspect.signature(kind).parameters
        some = not any(p.kind is p.VAR_KEYWORD for p in taken.values())  # not all take all
        parts = {n: part for n, part in pipe.components.items() if not some or n in taken}
        return kind, parts | {name: make(pipe) for name, make in more.items()}

    return build

"""What was measured on each family of the zoo, once for all laws that ask for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from fabric_widget.engine.compatibility import Compatibility
    from fabric_widget.zoo import Family


def called(family: Family) -> dict[str, Any]:
    """Return the arguments that a family is called with."""
    return family.arguments | family.needs


@cache
def survey(name: str) -> Compatibility:
    """Return what a survey says of a new pipeline of the family."""
    family = ZOO[name]
    return check_compatibility(family.build(), num_images=family.pictures, **called(family))

"""One tiny pipeline for each family that diffusers has, with random weights.

Each takes a prompt through a tokenizer and text encoders of its own, needs no network and makes a
picture on a CPU in about a second. `ZOO` holds them by name.
"""

from __future__ import annotations

from fabric_widget.zoo import (
    cascade,
    cross_attention,
    flux,
    joint,
    language,
    packed,
    seeing,
    unets,
    variants,
)
from fabric_widget.zoo.family import Family

ZOO: dict[str, Family] = {
    family.name: family
    for kin in (joint, flux, packed, language, seeing, cross_attention, unets, variants, cascade)
    for family in kin.FAMILIES
}
"""Every family by the name that people call it by."""

__all__ = ["ZOO", "Family"]

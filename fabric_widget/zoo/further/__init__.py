"""More pipelines of the families of the zoo: the same denoisers, started or steered otherwise.

They share weights and components with a family of `ZOO`, so fewer of the laws are tried with each:
that weight 0 changes no bit, that votes act, and that nothing is left behind.

sd        Stable Diffusion and SDXL: several ways of control at once
sd3       Stable Diffusion 3
packed    Flux, Qwen-Image, Chroma: packed latents
others    image-to-image and control of the rest
steered   the pictures and masks that they are called with
"""

from __future__ import annotations

from fabric_widget.zoo.family import Family
from fabric_widget.zoo.further import others, packed, sd, sd3

FURTHER: dict[str, Family] = {
    family.name: family for module in (sd, sd3, packed, others) for family in module.FAMILIES
}
"""Every further pipeline by name."""

__all__ = ["FURTHER", "Family"]

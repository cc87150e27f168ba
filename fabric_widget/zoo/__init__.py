"""One tiny pipeline for each family that diffusers has, with random weights.

Each has its own tokenizer and text encoders, needs no network and makes a picture on a CPU in about
a second. `ZOO` has them by name.

family           what a family is, and how its pipelines are made
parts            components shared by the families
tokenizers       tokenizers of single characters
tiny             Stable Diffusion and SDXL with any scheduler
unets            U-Nets
variants         Stable Diffusion and SDXL with ControlNet, adapters, inpainting, …
joint            text and image tokens in one attention
flux             Flux and its relatives: packed latents
packed           further relatives of Flux
language         prompts read by a language model
seeing           prompts read by a vision-language model
cross_attention  self-attention, and cross-attention to the text
cascade          Stable Cascade
edits            a source picture beside the latents
further/         more pipelines of these families: image-to-image, ControlNet, …
"""

from __future__ import annotations

from fabric_widget.zoo import (
    cascade,
    cross_attention,
    edits,
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
    for module in (
        joint,
        flux,
        packed,
        language,
        seeing,
        cross_attention,
        unets,
        variants,
        edits,
        cascade,
    )
    for family in module.FAMILIES
}
"""Every family by name."""

__all__ = ["ZOO", "Family"]

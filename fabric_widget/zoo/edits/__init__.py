"""Families that edit: a source picture stands beside the latents in the denoiser's input.

pictures  a source picture, its depth and a mask
unets     as further channels of a U-Net
flux      as further channels or tokens of Flux
seeing    as further tokens, and read with the prompt
"""

from __future__ import annotations

from fabric_widget.zoo.edits import flux, seeing, unets

FAMILIES = (*unets.FAMILIES, *flux.FAMILIES, *seeing.FAMILIES)
"""Every family that edits."""

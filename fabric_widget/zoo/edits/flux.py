"""Flux and its relatives with a source picture: as packed channels, or as further tokens."""

from __future__ import annotations

from typing import Any

from diffusers import (
    FluxControlPipeline,
    FluxFillPipeline,
    FluxKontextPipeline,
    FluxTransformer2DModel,
)

from fabric_widget.zoo import flux
from fabric_widget.zoo.edits.pictures import MASK, PICTURE
from fabric_widget.zoo.family import Family, Parts, builder, fitting, settings_of

_LATENTS = 16  # channels of a token: 2 × 2 latents of 4 channels
_MASK = 16  # 2 × 2 latents, for 2 × 2 pixels each


def _wide(kind: Any, beside: int = 0) -> Any:
    """Return the builder of a `kind` of Flux with so many channels beside those of the latents."""

    @builder
    def build() -> Parts:
        components = fitting(kind, flux.flux().components)
        wide = settings_of(components["transformer"]) | {
            "in_channels": _LATENTS + beside,
            "out_channels": _LATENTS,
        }
        return kind, {**components, "transformer": FluxTransformer2DModel(**wide)}

    return build


_FLUX: dict[str, Any] = flux.QUICK | {"guidance_scale": 3.0}
_KONTEXT: dict[str, Any] = flux.QUICK | {"image": PICTURE, "max_area": 256, "_auto_resize": False}

FAMILIES = (
    Family(
        "Flux Fill",
        _wide(FluxFillPipeline, _LATENTS + _MASK),
        _FLUX | {"image": PICTURE, "mask_image": MASK, "strength": 1.0},
        guided=False,
        note="masked picture and mask beside the latents, in every token",
    ),
    Family(
        "Flux Control",
        _wide(FluxControlPipeline, _LATENTS),
        _FLUX | {"control_image": PICTURE},
        guided=False,
        note="edges or depth beside the latents, in every token",
    ),
    Family(
        "Flux Kontext",
        _wide(FluxKontextPipeline),
        _KONTEXT | {"guidance_scale": 3.0},
        guided=False,
        note="tokens of the source behind those of the latents",
    ),
    Family(
        "Flux Kontext true CFG",
        _wide(FluxKontextPipeline),
        _KONTEXT | {"true_cfg_scale": 3.0, "negative_prompt": ""},
        note="two calls a step; tokens of the source behind those of the latents",
    ),
    Family(
        "Flux 2 with a picture",
        flux.flux2,
        flux.QUICK | flux.FLUX2 | {"image": PICTURE.resize((64, 64))},
        guided=False,
        note="tokens of the source behind those of the latents",
    ),
    Family(
        "Flux 2 Klein with a picture",
        flux.flux2_klein,
        flux.QUICK | flux.FLUX2 | {"image": PICTURE.resize((64, 64))},
        note="two calls a step; tokens of the source behind those of the latents",
    ),
)

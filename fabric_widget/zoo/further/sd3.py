"""Stable Diffusion 3 started from a picture, with ControlNet, with PAG."""

from __future__ import annotations

from typing import Any

from diffusers import (
    SD3ControlNetModel,
    StableDiffusion3ControlNetInpaintingPipeline,
    StableDiffusion3ControlNetPipeline,
    StableDiffusion3Img2ImgPipeline,
    StableDiffusion3InpaintPipeline,
    StableDiffusion3PAGImg2ImgPipeline,
    StableDiffusion3PAGPipeline,
)

from fabric_widget.zoo import parts
from fabric_widget.zoo.family import Family
from fabric_widget.zoo.further.steered import inpainted, mask, picture, started, variant
from fabric_widget.zoo.joint import sd3

_QUICK: dict[str, Any] = {
    "num_inference_steps": 2,
    "guidance_scale": 3.0,
    "max_sequence_length": 16,
}
_SIZED: dict[str, Any] = _QUICK | {"height": 16, "width": 16}
_PAG: dict[str, Any] = {"pag_scale": 2.0}


def _controlnet(pipe: Any, extra: int = 0) -> Any:
    return SD3ControlNetModel.from_transformer(
        pipe.transformer,
        num_layers=1,
        num_extra_conditioning_channels=extra,
        load_weights_from_transformer=False,  # they get random ones
    )


def _wide(pipe: Any) -> Any:
    """Return a transformer of 16 channels, which inpainting asks for."""
    return type(pipe.transformer).from_config(
        pipe.transformer.config, in_channels=16, out_channels=16
    )


def _wide_vae(_: Any) -> Any:
    return parts.flow_vae(channels=16)


def _inpainting(pipe: Any) -> Any:
    return _controlnet(pipe, extra=1)


FAMILIES = (
    Family(
        "SD 3 image-to-image",
        variant(StableDiffusion3Img2ImgPipeline, sd3),
        _SIZED | started(),
        pictures=1,
    ),
    Family(
        "SD 3 inpainting",
        variant(StableDiffusion3InpaintPipeline, sd3, transformer=_wide, vae=_wide_vae),
        _SIZED | inpainted(),
        pictures=1,
    ),
    Family(
        "SD 3 ControlNet",
        variant(StableDiffusion3ControlNetPipeline, sd3, controlnet=_controlnet),
        _SIZED | {"control_image": picture()},
    ),
    Family(
        "SD 3 ControlNet inpainting",
        variant(StableDiffusion3ControlNetInpaintingPipeline, sd3, controlnet=_inpainting),
        _SIZED | {"control_image": picture(), "control_mask": mask()},
    ),
    Family("SD 3 PAG", variant(StableDiffusion3PAGPipeline, sd3), _SIZED | _PAG),
    Family(
        "SD 3 PAG image-to-image",
        variant(StableDiffusion3PAGImg2ImgPipeline, sd3),
        _SIZED | started() | _PAG,
        pictures=1,
    ),
)

"""Stable Diffusion and SDXL with several ways of control at once."""

from __future__ import annotations

import functools
from typing import Any

from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    LatentConsistencyModelImg2ImgPipeline,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionControlNetPAGInpaintPipeline,
    StableDiffusionControlNetPAGPipeline,
    StableDiffusionPAGImg2ImgPipeline,
    StableDiffusionPAGInpaintPipeline,
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLControlNetInpaintPipeline,
    StableDiffusionXLControlNetPAGImg2ImgPipeline,
    StableDiffusionXLControlNetPAGPipeline,
    StableDiffusionXLControlNetUnionImg2ImgPipeline,
    StableDiffusionXLControlNetUnionInpaintPipeline,
    StableDiffusionXLControlNetUnionPipeline,
    StableDiffusionXLPAGImg2ImgPipeline,
    StableDiffusionXLPAGInpaintPipeline,
)

from fabric_widget.zoo import tiny
from fabric_widget.zoo.family import Family
from fabric_widget.zoo.further.steered import inpainted, picture, started, variant
from fabric_widget.zoo.unets import lcm

_QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_PAG: dict[str, Any] = {"pag_scale": 2.0}
_CONTROLLED: dict[str, Any] = {"control_image": picture()}
_UNION: dict[str, Any] = {"control_image": [picture()], "control_mode": [0]}
_SD, _XL = functools.partial(tiny.pipeline, "SD 1"), functools.partial(tiny.pipeline, "SDXL")


def _controlnet(pipe: Any) -> Any:
    return ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(8, 8))


def _union(pipe: Any) -> Any:
    config = dict(pipe.unet.config)
    names = (
        "down_block_types",
        "block_out_channels",
        "layers_per_block",
        "norm_num_groups",
        "cross_attention_dim",
        "transformer_layers_per_block",
        "attention_head_dim",
        "use_linear_projection",
        "addition_embed_type",
        "addition_time_embed_dim",
        "projection_class_embeddings_input_dim",
    )
    return ControlNetUnionModel(
        **{name: config[name] for name in names},
        conditioning_embedding_out_channels=(8, 8),
        num_control_type=2,
        num_trans_channel=8,
        num_trans_head=2,
        num_proj_channel=8,
    )


_CONTROL_SD = functools.partial(variant, family=_SD, controlnet=_controlnet)
_CONTROL_XL = functools.partial(variant, family=_XL, controlnet=_controlnet)
_UNION_XL = functools.partial(variant, family=_XL, controlnet=_union)

FAMILIES = tuple(
    Family(name, build, _QUICK | arguments, guided=guided)
    for name, build, arguments, guided in (
        (
            "SDXL ControlNet image-to-image",
            _CONTROL_XL(StableDiffusionXLControlNetImg2ImgPipeline),
            started() | _CONTROLLED,
            True,
        ),
        (
            "SDXL ControlNet inpainting",
            _CONTROL_XL(StableDiffusionXLControlNetInpaintPipeline),
            inpainted() | _CONTROLLED,
            True,
        ),
        (
            "SDXL ControlNet Union",
            _UNION_XL(StableDiffusionXLControlNetUnionPipeline),
            _UNION,
            True,
        ),
        (
            "SDXL ControlNet Union image-to-image",
            _UNION_XL(StableDiffusionXLControlNetUnionImg2ImgPipeline),
            started() | _UNION,
            True,
        ),
        (
            "SDXL ControlNet Union inpainting",
            _UNION_XL(StableDiffusionXLControlNetUnionInpaintPipeline),
            inpainted() | _UNION,
            True,
        ),
        (
            "SD 1 ControlNet image-to-image",
            _CONTROL_SD(StableDiffusionControlNetImg2ImgPipeline),
            started() | _CONTROLLED,
            True,
        ),
        (
            "SD 1 ControlNet inpainting",
            _CONTROL_SD(StableDiffusionControlNetInpaintPipeline),
            inpainted() | _CONTROLLED,
            True,
        ),
        (
            "LCM image-to-image",
            variant(LatentConsistencyModelImg2ImgPipeline, lcm),
            started(),
            False,
        ),
        (
            "SD 1 PAG image-to-image",
            variant(StableDiffusionPAGImg2ImgPipeline, _SD),
            started() | _PAG,
            True,
        ),
        (
            "SD 1 PAG inpainting",
            variant(StableDiffusionPAGInpaintPipeline, _SD),
            inpainted() | _PAG,
            True,
        ),
        (
            "SDXL PAG image-to-image",
            variant(StableDiffusionXLPAGImg2ImgPipeline, _XL),
            started() | _PAG,
            True,
        ),
        (
            "SDXL PAG inpainting",
            variant(StableDiffusionXLPAGInpaintPipeline, _XL),
            inpainted() | _PAG,
            True,
        ),
        (
            "SD 1 ControlNet PAG",
            _CONTROL_SD(StableDiffusionControlNetPAGPipeline),
            _PAG | {"image": picture()},
            True,
        ),
        (
            "SD 1 ControlNet PAG inpainting",
            _CONTROL_SD(StableDiffusionControlNetPAGInpaintPipeline),
            inpainted() | _PAG | _CONTROLLED,
            True,
        ),
        (
            "SDXL ControlNet PAG",
            _CONTROL_XL(StableDiffusionXLControlNetPAGPipeline),
            _PAG | {"image": picture()},
            True,
        ),
        (
            "SDXL ControlNet PAG image-to-image",
            _CONTROL_XL(StableDiffusionXLControlNetPAGImg2ImgPipeline),
            started() | _PAG | _CONTROLLED,
            True,
        ),
    )
)

"""Stable Diffusion and SDXL with ControlNet, adapters, inpainting, image-to-image, PAG."""

from __future__ import annotations

import functools
from typing import Any

import torch
from diffusers import (
    ControlNetModel,
    StableDiffusionAdapterPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPAGPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPAGPipeline,
    StableDiffusionXLPipeline,
    T2IAdapter,
)
from PIL import Image

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, builder

_QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_SIZED: dict[str, Any] = _QUICK | {"height": tiny.SIDE, "width": tiny.SIDE}
_SIZE = (tiny.SIDE, tiny.SIDE)
_PICTURE = Image.linear_gradient("L").resize(_SIZE).convert("RGB")
_MASK = Image.radial_gradient("L").resize(_SIZE)
_HALF: dict[str, Any] = {"image": _PICTURE, "strength": 1.0}


def _sd() -> dict[str, Any]:
    return {**tiny.pipeline("SD 1").components, "requires_safety_checker": False}


def _sd_without_image_encoder() -> dict[str, Any]:
    return {name: part for name, part in _sd().items() if name != "image_encoder"}


def _xl() -> dict[str, Any]:
    return dict(tiny.pipeline("SDXL").components)


def _variant(kind: Any, components: Any, **more: Any) -> Any:
    """Return the builder of a `kind` of pipeline with `components` and more made by functions."""

    @builder
    def build() -> Parts:
        return kind, components() | {name: make() for name, make in more.items()}

    return build


def _controlnet(family: str) -> Any:
    unet = tiny.pipeline(family).unet
    return ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8))


def _t2i_adapter(kind: str, factor: int) -> Any:
    return T2IAdapter(
        channels=[8, 16], num_res_blocks=1, downscale_factor=factor, adapter_type=kind
    )


def _ip_adapter(unet: Any) -> dict[str, dict[str, torch.Tensor]]:
    """Return random weights of an image prompt adapter for `unet`, as its files hold them."""
    width, tokens = unet.config.cross_attention_dim, 4
    weights: dict[str, torch.Tensor] = {}
    for i, (name, processor) in enumerate(unet.attn_processors.items()):
        if not name.endswith("attn2.processor"):
            continue
        del processor
        size = unet.get_submodule(name.removesuffix(".processor")).inner_dim
        for part in ("k", "v"):
            weights[f"{i}.to_{part}_ip.weight"] = torch.randn(size, width) * width**-0.5
    return {
        "image_proj": {
            "proj.weight": torch.randn(tokens * width, parts.WIDTH) * parts.WIDTH**-0.5,
            "proj.bias": torch.zeros(tokens * width),
            "norm.weight": torch.ones(width),
            "norm.bias": torch.zeros(width),
        },
        "ip_adapter": weights,
    }


def _adapted(kind: Any, weights: dict[str, Any], **components: Any) -> Any:
    pipe = kind(**components)
    pipe.load_ip_adapter(weights, subfolder="", weight_name="", low_cpu_mem_usage=False)
    return pipe


def _image_prompted(kind: Any, components: Any) -> Any:
    @builder
    def build() -> Parts:
        made = components() | {
            "image_encoder": parts.clip_vision(),
            "feature_extractor": parts.clip_image_processor(),
        }
        return functools.partial(_adapted, kind, _ip_adapter(made["unet"])), made

    return build


_INPAINT = _SIZED | _HALF | {"mask_image": _MASK}
_CONTROL = _SIZED | {"image": _PICTURE}
_PAG = _SIZED | {"pag_scale": 2.0}
_IP = _SIZED | {"ip_adapter_image": _PICTURE}

FAMILIES = (
    Family("SD 1 image-to-image", _variant(StableDiffusionImg2ImgPipeline, _sd), _QUICK | _HALF),
    Family("SDXL image-to-image", _variant(StableDiffusionXLImg2ImgPipeline, _xl), _QUICK | _HALF),
    Family("SD 1 inpainting", _variant(StableDiffusionInpaintPipeline, _sd), _INPAINT),
    Family("SDXL inpainting", _variant(StableDiffusionXLInpaintPipeline, _xl), _INPAINT),
    Family(
        "SD 1 ControlNet",
        _variant(
            StableDiffusionControlNetPipeline,
            _sd,
            controlnet=functools.partial(_controlnet, "SD 1"),
        ),
        _CONTROL,
    ),
    Family(
        "SDXL ControlNet",
        _variant(
            StableDiffusionXLControlNetPipeline,
            _xl,
            controlnet=functools.partial(_controlnet, "SDXL"),
        ),
        _CONTROL,
    ),
    Family(
        "SD 1 T2I-Adapter",
        _variant(
            StableDiffusionAdapterPipeline,
            _sd_without_image_encoder,
            adapter=functools.partial(_t2i_adapter, "full_adapter", 2),
        ),
        _CONTROL,
        warns="The decode_latents method is deprecated",
        note="takes no callback at the end of a step",
    ),
    Family(
        "SDXL T2I-Adapter",
        _variant(
            StableDiffusionXLAdapterPipeline,
            _xl,
            adapter=functools.partial(_t2i_adapter, "full_adapter", 2),
        ),
        _CONTROL,
        note="takes no callback at the end of a step",
    ),
    Family("SD 1 IP-Adapter", _image_prompted(StableDiffusionPipeline, _sd), _IP),
    Family("SDXL IP-Adapter", _image_prompted(StableDiffusionXLPipeline, _xl), _IP),
    Family(
        "SD 1 PAG",
        _variant(StableDiffusionPAGPipeline, _sd),
        _PAG,
        note="a third part of the batch, perturbed",
    ),
    Family(
        "SDXL PAG",
        _variant(StableDiffusionXLPAGPipeline, _xl),
        _PAG,
        note="a third part of the batch, perturbed",
    ),
)

"""Image-to-image, inpainting and perturbed attention of the other families."""

from __future__ import annotations

from typing import Any

from diffusers import (
    HunyuanDiTPAGPipeline,
    IFImg2ImgPipeline,
    IFInpaintingPipeline,
    Kandinsky3Img2ImgPipeline,
    KandinskyV22Img2ImgCombinedPipeline,
    PixArtSigmaPAGPipeline,
    ZImageControlNetModel,
    ZImageControlNetPipeline,
    ZImageImg2ImgPipeline,
    ZImageInpaintPipeline,
)

from fabric_widget.zoo.cross_attention import hunyuan_dit, pixart_sigma
from fabric_widget.zoo.family import Family
from fabric_widget.zoo.further.steered import inpainted, picture, started, variant
from fabric_widget.zoo.language import z_image
from fabric_widget.zoo.unets import deepfloyd, kandinsky3, kandinsky22

_QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_Z_IMAGE: dict[str, Any] = _QUICK | {"height": 16, "width": 16, "max_sequence_length": 32}
_PAG: dict[str, Any] = {"pag_scale": 2.0, "use_resolution_binning": False}


def _z_image_control(pipe: Any) -> Any:
    controlnet = ZImageControlNetModel(
        control_layers_places=[0],
        control_in_dim=4,
        dim=16,
        n_refiner_layers=1,
        n_heads=1,
        n_kv_heads=1,
    )
    return ZImageControlNetModel.from_transformer(controlnet, pipe.transformer)


FAMILIES = (
    Family("Z-Image image-to-image", variant(ZImageImg2ImgPipeline, z_image), _Z_IMAGE | started()),
    Family("Z-Image inpainting", variant(ZImageInpaintPipeline, z_image), _Z_IMAGE | inpainted()),
    Family(
        "Z-Image ControlNet",
        variant(ZImageControlNetPipeline, z_image, controlnet=_z_image_control),
        _Z_IMAGE | {"control_image": picture()},
    ),
    Family(
        "PixArt-Σ PAG",
        variant(PixArtSigmaPAGPipeline, pixart_sigma),
        _QUICK
        | _PAG
        | {"height": 16, "width": 16, "max_sequence_length": 16, "clean_caption": False},
    ),
    Family(
        "HunyuanDiT PAG",
        variant(HunyuanDiTPAGPipeline, hunyuan_dit),
        _QUICK | _PAG | {"height": 64, "width": 64},
    ),
    Family(
        "Kandinsky 3 image-to-image",
        variant(Kandinsky3Img2ImgPipeline, kandinsky3),
        _QUICK | started(64),
    ),
    Family(
        "Kandinsky 2.2 image-to-image",
        variant(KandinskyV22Img2ImgCombinedPipeline, kandinsky22),
        _QUICK | started() | {"height": 16, "width": 16, "prior_num_inference_steps": 2},
    ),
    Family(
        "DeepFloyd IF image-to-image",
        variant(IFImg2ImgPipeline, deepfloyd),
        _QUICK | started(8) | {"clean_caption": False},
    ),
    Family(
        "DeepFloyd IF inpainting",
        variant(IFInpaintingPipeline, deepfloyd),
        _QUICK | inpainted(8) | {"clean_caption": False},
    ),
)

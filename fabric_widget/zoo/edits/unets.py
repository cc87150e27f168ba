"""U-Nets whose input holds more channels than the latents: masks, source pictures, depth."""

from __future__ import annotations

from typing import Any

from diffusers import (
    DDPMScheduler,
    KandinskyV22Img2ImgCombinedPipeline,
    KandinskyV22InpaintCombinedPipeline,
    StableDiffusionDepth2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionUpscalePipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
)
from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessor

from fabric_widget.zoo import tiny, unets
from fabric_widget.zoo.edits.pictures import DEPTH, MASK, PICTURE
from fabric_widget.zoo.family import Family, Parts, builder, fitting, settings_of

_QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_SIZED: dict[str, Any] = _QUICK | {"height": tiny.SIDE, "width": tiny.SIDE}
_CHANNELS = 4  # of the latents


def _wide(kind: Any, family: str, beside: int, **more: Any) -> Any:
    """Return the builder of a `kind` of pipeline with so many channels beside the latents."""

    @builder
    def build() -> Parts:
        components = fitting(kind, tiny.pipeline(family).components)
        return kind, {**components, "unet": _widened(components["unet"], beside), **more}

    return build


def _widened(unet: Any, beside: int, **more: Any) -> Any:
    """Return a U-Net like another one, with so many channels beside the latents."""
    return tiny.unet(**settings_of(unet) | {"in_channels": _CHANNELS + beside} | more)


def _depth() -> dict[str, Any]:
    model = DPTForDepthEstimation(
        DPTConfig(
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            backbone_out_indices=[0, 1, 2, 3],
            image_size=tiny.SIDE,
            patch_size=8,
            is_hybrid=False,
            neck_hidden_sizes=[8, 8, 8, 8],
            fusion_hidden_size=8,
        )
    )
    processor = DPTImageProcessor(size={"height": tiny.SIDE, "width": tiny.SIDE})
    return {"depth_estimator": model, "feature_extractor": processor}


@builder
def depth2img() -> Parts:
    components = fitting(StableDiffusionDepth2ImgPipeline, tiny.pipeline("SD 2").components)
    unet = _widened(components["unet"], 1)
    return StableDiffusionDepth2ImgPipeline, {**components, "unet": unet, **_depth()}


@builder
def upscale() -> Parts:
    components = fitting(StableDiffusionUpscalePipeline, tiny.pipeline("SD 2").components)
    return StableDiffusionUpscalePipeline, {
        **components,
        "unet": _widened(components["unet"], 3, num_class_embeds=1000),
        "vae": tiny.vae(levels=3),
        "low_res_scheduler": DDPMScheduler(),
        "watermarker": None,
        "max_noise_level": 350,
    }


def _kandinsky(kind: Any, beside: int) -> Any:
    @builder
    def build() -> Parts:
        components = dict(unets.kandinsky22().components)
        return kind, {**components, "unet": _widened(components["unet"], beside)}

    return build


_INPAINT = _SIZED | {"image": PICTURE, "mask_image": MASK, "strength": 1.0}
_PRIOR = _SIZED | {"prior_num_inference_steps": 2, "image": PICTURE}
_SAFE = {"requires_safety_checker": False}

FAMILIES = (
    Family(
        "SD 1 inpainting, 9 channels",
        _wide(StableDiffusionInpaintPipeline, "SD 1", 5, **_SAFE),
        _INPAINT,
        note="mask and masked picture beside the latents",
    ),
    Family(
        "SDXL inpainting, 9 channels",
        _wide(StableDiffusionXLInpaintPipeline, "SDXL", 5),
        _INPAINT,
        note="mask and masked picture beside the latents",
    ),
    Family(
        "InstructPix2Pix",
        _wide(StableDiffusionInstructPix2PixPipeline, "SD 1", 4, **_SAFE),
        _QUICK | {"image": PICTURE, "image_guidance_scale": 1.5},
        note="source beside the latents; three parts of the batch: text, source, neither",
    ),
    Family(
        "SDXL InstructPix2Pix",
        _wide(StableDiffusionXLInstructPix2PixPipeline, "SDXL", 4),
        _SIZED | {"image": PICTURE, "image_guidance_scale": 1.5},
        note="source beside the latents; three parts of the batch: text, source, neither",
    ),
    Family(
        "SD 2 depth",
        depth2img,
        _QUICK | {"image": PICTURE, "depth_map": DEPTH, "strength": 1.0},
        note="depth beside the latents",
    ),
    Family(
        "SD 2 upscaler",
        upscale,
        _QUICK | {"image": PICTURE.resize((8, 8))},
        note="the small picture beside the latents; takes no callback",
    ),
    Family(
        "Kandinsky 2.2 image-to-image",
        _kandinsky(KandinskyV22Img2ImgCombinedPipeline, 0),
        _PRIOR | {"strength": 1.0, "callback_steps": None},
    ),
    Family(
        "Kandinsky 2.2 inpainting",
        _kandinsky(KandinskyV22InpaintCombinedPipeline, 5),
        _PRIOR | {"mask_image": MASK},
        note="masked picture and mask beside the latents",
    ),
)

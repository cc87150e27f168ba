"""Flux, Qwen-Image and Chroma started from a picture or with ControlNet."""

from __future__ import annotations

from typing import Any

from diffusers import (
    ChromaImg2ImgPipeline,
    FluxControlNetImg2ImgPipeline,
    FluxControlNetInpaintPipeline,
    FluxControlNetModel,
    FluxControlNetPipeline,
    FluxImg2ImgPipeline,
    FluxInpaintPipeline,
    QwenImageControlNetModel,
    QwenImageControlNetPipeline,
    QwenImageImg2ImgPipeline,
    QwenImageInpaintPipeline,
)

from fabric_widget.zoo.family import Family, altered
from fabric_widget.zoo.flux import QUICK, chroma, flux
from fabric_widget.zoo.further.steered import inpainted, picture, started, variant
from fabric_widget.zoo.language import qwen_image

_CONTROL: dict[str, Any] = {"control_image": picture()}
_FLUX: dict[str, Any] = QUICK | {"guidance_scale": 3.0}
_QWEN: dict[str, Any] = {
    "height": 16,
    "width": 16,
    "num_inference_steps": 2,
    "true_cfg_scale": 3.0,
    "negative_prompt": "",
}


def _flux_controlnet(pipe: Any) -> Any:
    return FluxControlNetModel.from_transformer(
        pipe.transformer,
        num_layers=1,
        num_single_layers=1,
        num_attention_heads=2,
        attention_head_dim=16,
    )


def _qwen_controlnet(pipe: Any) -> Any:
    return QwenImageControlNetModel.from_transformer(
        pipe.transformer, num_layers=1, num_attention_heads=2, attention_head_dim=16
    )


def _qwen(kind: Any) -> Any:
    return altered(kind, prompt_template_encode=34 * "." + "{}\n")  # it drops so many tokens


FAMILIES = (
    Family(
        "Flux image-to-image",
        variant(FluxImg2ImgPipeline, flux),
        _FLUX | started(),
        guided=False,
    ),
    Family(
        "Flux inpainting", variant(FluxInpaintPipeline, flux), _FLUX | inpainted(), guided=False
    ),
    Family(
        "Flux ControlNet",
        variant(FluxControlNetPipeline, flux, controlnet=_flux_controlnet),
        _FLUX | _CONTROL,
        guided=False,
    ),
    Family(
        "Flux ControlNet image-to-image",
        variant(FluxControlNetImg2ImgPipeline, flux, controlnet=_flux_controlnet),
        _FLUX | started() | _CONTROL,
        guided=False,
    ),
    Family(
        "Flux ControlNet inpainting",
        variant(FluxControlNetInpaintPipeline, flux, controlnet=_flux_controlnet),
        _FLUX | inpainted() | _CONTROL,
        guided=False,
    ),
    Family(
        "Qwen-Image image-to-image",
        variant(_qwen(QwenImageImg2ImgPipeline), qwen_image),
        _QWEN | started(),
    ),
    Family(
        "Qwen-Image inpainting",
        variant(_qwen(QwenImageInpaintPipeline), qwen_image),
        _QWEN | inpainted(),
    ),
    Family(
        "Qwen-Image ControlNet",
        variant(_qwen(QwenImageControlNetPipeline), qwen_image, controlnet=_qwen_controlnet),
        _QWEN | _CONTROL,
    ),
    Family("Chroma image-to-image", variant(ChromaImg2ImgPipeline, chroma), _FLUX | started()),
)

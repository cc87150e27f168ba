"""Editing transformers whose prompt is read together with the source picture."""

from __future__ import annotations

from typing import Any

from diffusers import (
    LongCatImageEditPipeline,
    QwenImage21Pipeline,
    QwenImageEditPipeline,
    QwenImageEditPlusPipeline,
)
from transformers import Qwen2VLImageProcessor

from fabric_widget.zoo import language, packed, parts, seeing
from fabric_widget.zoo.edits.pictures import PICTURE
from fabric_widget.zoo.family import Family, Parts, altered, among, builder
from fabric_widget.zoo.tokenizers import SPECIAL, AsProcessor, letters

_VISION = ("<|image_pad|>", "<|vision_start|>", "<|vision_end|>")
_SEES = "<|vision_start|><|image_pad|><|vision_end|>"
_SIDE = 16  # pixels of what the pipelines resize pictures to


class Seeing(AsProcessor):
    """A processor of texts and pictures; every picture is a token or a few."""

    image_processor: Any = None

    def __call__(self, text: Any = None, images: Any = None, **kwargs: Any) -> Any:
        if images is None:
            return super().__call__(text, **kwargs)
        seen = self.image_processor(images=images, return_tensors="pt")
        counts = (seen["image_grid_thw"].prod(-1) // self.image_processor.merge_size**2).tolist()
        for count in counts:
            text = [one.replace(_VISION[0], "\0" * count, 1) for one in text]
        encoded = super().__call__([one.replace("\0", _VISION[0]) for one in text], **kwargs)
        image = self.convert_tokens_to_ids(_VISION[0])
        encoded.update(seen)
        encoded["mm_token_type_ids"] = (encoded["input_ids"] == image).long()
        return encoded


def processor(patch: int = 14) -> Any:
    """Return a processor of texts and pictures; `patch` is the side of a vision model's."""
    least = (2 * patch) ** 2  # pixels: one token of the vision model
    made = letters(*_VISION, end=False, kind=Seeing)
    made.image_processor = Qwen2VLImageProcessor(
        size={"shortest_edge": least, "longest_edge": 4 * least}, patch_size=patch
    )
    return made


def reader(model: Any = None) -> Any:
    """Return Qwen 2.5 VL, or another such model, which knows the tokens of pictures."""
    model = model or parts.qwen2_5_vl()
    for config in (model.config, model.model.config):
        config.image_token_id, config.vision_start_token_id, config.vision_end_token_id = range(
            len(SPECIAL), len(SPECIAL) + len(_VISION)
        )
    return model


def _small(*_: object) -> tuple[int, int, None]:
    return _SIDE, _SIDE, None


def _smaller(*_: object) -> tuple[int, int]:
    return _SIDE, _SIDE


def _qwen(kind: Any, template: str, **constants: Any) -> Any:
    @builder
    def build() -> Parts:
        own = {**language.qwen_image().components, "text_encoder": reader()}
        made = altered(among(kind, **constants), prompt_template_encode=64 * "." + template)
        return made, {**own, "processor": processor()}

    return build


@builder
def longcat_edit() -> Parts:
    kind = altered(
        among(LongCatImageEditPipeline, calculate_dimensions=_smaller),
        tokenizer_max_length=16,
        prompt_template_encode_prefix=_SEES,
        prompt_template_encode_suffix=".",
    )
    reading = processor()
    return kind, {
        **packed.longcat_image().components,
        "text_encoder": reader(),
        "tokenizer": reading,
        "text_processor": reading,
    }


@builder
def qwen_image_21() -> Parts:
    return altered(
        QwenImage21Pipeline, _drop_idx=0, prompt_template_ti2i="<image1>" + _SEES + "{}"
    ), {
        **seeing.qwen_image_21().components,
        "text_encoder": reader(parts.qwen3_vl()),
        "processor": processor(patch=16),
    }


_GUIDED: dict[str, Any] = {
    "num_inference_steps": 2,
    "true_cfg_scale": 3.0,
    "negative_prompt": "",
    "image": PICTURE,
}

FAMILIES = (
    Family(
        "Qwen-Image Edit",
        _qwen(QwenImageEditPipeline, _SEES + "{}\n", calculate_dimensions=_small),
        _GUIDED,
        note="two calls a step; tokens of the source behind those of the latents",
    ),
    Family(
        "Qwen-Image Edit Plus",
        _qwen(QwenImageEditPlusPipeline, "{}\n", calculate_dimensions=_smaller),
        _GUIDED | {"image": [PICTURE, PICTURE]},
        note="two calls a step; tokens of several sources behind those of the latents",
    ),
    Family(
        "Qwen-Image 2.1 with a picture",
        qwen_image_21,
        _GUIDED | {"height": 64, "width": 64, "image": [PICTURE], "output_resolution": 64},
        note="two calls a step; tokens of the source among those of the text",
        needs={"use_kv_cache": False},
    ),
    Family(
        "LongCat-Image Edit",
        longcat_edit,
        {"num_inference_steps": 2, "guidance_scale": 3.0, "image": PICTURE},
        note="two calls a step; tokens of the source behind those of the latents; no callback",
    ),
)

"""Prompts as embeddings, for every family that takes them, and pipelines without text encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from fabric_widget.zoo import Family

_PAIR = ("prompt_embeds", "negative_prompt_embeds")
_POOLED = (*_PAIR, "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
_FIRST = ("prompt_embeds", None)
_MASKED = ("prompt_embeds", "prompt_embeds_mask")
_NEGATIVE_LAST = (
    "prompt_embeds",
    "prompt_attention_mask",
    "negative_prompt_embeds",
    "negative_prompt_attention_mask",
)
_WITHOUT_NEGATIVE = ("prompt_embeds", "prompt_attention_mask", None, None)
_OF_BERT = (
    "prompt_embeds",
    "negative_prompt_embeds",
    "prompt_attention_mask",
    "negative_prompt_attention_mask",
)
# What `encode_prompt` returns, in its order, by the names of the pipeline's arguments; a tuple for
# each of its calls for one prompt. Where nothing negative is named, it is asked a second time.
RETURNED: dict[str, tuple[tuple[str | None, ...], ...]] = {
    "SD 1": (_PAIR,),
    "SDXL": (_POOLED,),
    "SD 3": (_POOLED,),
    "Flux": (("prompt_embeds", "pooled_prompt_embeds"),),
    "Flux true CFG": (("prompt_embeds", "pooled_prompt_embeds"),),
    "Z-Image": (_PAIR,),
    "Qwen-Image": (_MASKED,),
    "Chroma": (
        (
            "prompt_embeds",
            None,
            "prompt_attention_mask",
            "negative_prompt_embeds",
            None,
            "negative_prompt_attention_mask",
        ),
    ),
    "AuraFlow": (_NEGATIVE_LAST,),
    "Sana": (_NEGATIVE_LAST,),
    "CogView 3+": (_PAIR,),
    "CogView 4": (_PAIR,),
    "PRX": (_NEGATIVE_LAST,),
    "HiDream": (
        (
            "prompt_embeds_t5",
            "negative_prompt_embeds_t5",
            "prompt_embeds_llama3",
            "negative_prompt_embeds_llama3",
            "pooled_prompt_embeds",
            "negative_pooled_prompt_embeds",
        ),
    ),
    "Flux 2": (_FIRST,),
    "Flux 2 Klein": (_FIRST,),
    "Bria": (_PAIR,),
    "Ovis-Image": (_PAIR,),
    "Lumina 2": (_WITHOUT_NEGATIVE,),  # its negative prompt lacks the system prompt
    "HunyuanImage": ((*_MASKED, "prompt_embeds_2", "prompt_embeds_mask_2"),),
    "Kandinsky 5": (("prompt_embeds_qwen", "prompt_embeds_clip", "prompt_cu_seqlens"),),
    "Krea 2": (_MASKED,),
    "Qwen-Image 2.1": (_MASKED,),
    "ERNIE-Image": (("prompt_embeds",),),
    "PixArt-α": (_NEGATIVE_LAST,),
    "PixArt-Σ": (_NEGATIVE_LAST,),
    "HunyuanDiT": (_OF_BERT, tuple(f"{name}_2" for name in _OF_BERT)),
    "Lumina-Next": (_NEGATIVE_LAST,),
    "LCM": (("prompt_embeds", None),),
    "Kolors": (_POOLED,),
    "DeepFloyd IF": (_PAIR,),
    "Kandinsky 3": ((*_PAIR, "attention_mask", "negative_attention_mask"),),
}


class _Encoded(Exception):  # noqa: N818  (a signal, not an error)
    """Ends a pipeline's call when its denoiser is reached."""


def embeddings(pipe: Any, family: Family, prompt: str = "a cat") -> dict[str, Any]:
    """Return a prompt and the empty one as embeddings, by the names of the pipeline's arguments."""
    names = RETURNED[family.name]
    found = _named(names, _encoded(pipe, family, prompt))
    if not any(name.startswith("negative_") for name in found):
        empty = _named(names, _encoded(pipe, family, ""))
        found |= {f"negative_{name}": value for name, value in empty.items()}
    return found


def arguments_of(family: Family) -> dict[str, Any]:
    """Return the arguments of a family's call without prompts."""
    given = family.arguments | family.needs
    return {name: value for name, value in given.items() if name != "negative_prompt"}


def drop_encoders(pipe: Any) -> None:
    """Do what people do to save memory."""
    for name in list(pipe.components):
        if any(part in name for part in ("text_encoder", "tokenizer", "processor")):
            setattr(pipe, name, None)


def _named(
    names: tuple[tuple[str | None, ...], ...], returned: list[tuple[Any, ...]]
) -> dict[str, Any]:
    return {
        name: value
        for called, values in zip(names, returned, strict=False)
        for name, value in zip(called, values, strict=False)
        if name is not None and value is not None
    }


def _encoded(pipe: Any, family: Family, prompt: str) -> list[tuple[Any, ...]]:
    """Return what the pipeline's `encode_prompt` returns, call by call."""
    returned: list[tuple[Any, ...]] = []
    encode = pipe.encode_prompt
    denoiser = getattr(pipe, "unet", None) or pipe.transformer

    def watched(*args: Any, **kwargs: Any) -> Any:
        value = encode(*args, **kwargs)
        returned.append(value if isinstance(value, tuple) else (value,))
        return value

    def stop(*args: Any, **kwargs: Any) -> None:
        del args, kwargs
        raise _Encoded

    pipe.encode_prompt, denoiser.forward = watched, stop
    try:
        pipe(prompt=prompt, generator=torch.Generator(), **family.arguments | family.needs)
    except _Encoded:
        pass
    finally:
        del pipe.encode_prompt, denoiser.forward
    return returned

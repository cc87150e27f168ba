"""Weights of CLIP models in the layout of open_clip, renamed to that of transformers' `CLIPModel`.

The networks are the same; only names differ, two projections are stored transposed, and the
projections of query, key and value lie in one matrix. open_clip itself is not needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

_OUTSIDE = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "visual.proj": "visual_projection.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "text_projection": "text_projection.weight",
    "logit_scale": "logit_scale",
}
_TRANSPOSED = {"visual.proj", "text_projection"}
_BLOCK = re.compile(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.+?)(weight|bias)")
_INSIDE = {
    "ln_1.": ("layer_norm1.",),
    "ln_2.": ("layer_norm2.",),
    "attn.in_proj_": ("self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj."),
    "attn.out_proj.": ("self_attn.out_proj.",),
    "mlp.c_fc.": ("mlp.fc1.",),
    "mlp.c_proj.": ("mlp.fc2.",),
}


def from_open_clip(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights under the names that transformers' `CLIPModel` has for them.

    Raises
    ------
    ValueError
        A name does not belong to such a model.
    """
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if name in _OUTSIDE:
            renamed[_OUTSIDE[name]] = tensor.T if name in _TRANSPOSED else tensor
            continue
        block = _BLOCK.fullmatch(name)
        inside = _INSIDE.get(block[3]) if block else None
        if block is None or inside is None:
            message = f"{name} is no tensor of a CLIP model in the layout of open_clip"
            raise ValueError(message)
        tower = "vision_model" if block[1] else "text_model"
        for part, piece in zip(inside, tensor.chunk(len(inside)), strict=True):
            renamed[f"{tower}.encoder.layers.{block[2]}.{part}{block[4]}"] = piece
    return renamed

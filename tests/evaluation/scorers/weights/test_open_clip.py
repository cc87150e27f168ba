"""Weights in open_clip's layout do in transformers' model what they do in their own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import CLIPModel

from fabric_widget.evaluation.scorers.weights.open_clip import from_open_clip
from fabric_widget.zoo import tiny
from tests.evaluation.scorers.checkpoints import (
    EMBEDDING,
    HEADS,
    LAYERS,
    PATCH,
    SIDE,
    VOCABULARY,
    WIDTH,
    OpenClip,
    clip_config,
    lively,
)

TOKENS = torch.tensor([[0, 7, 12, 40, 1], [0, 3, 3, 60, 1]])  # each with its marks


def ours(state: Any) -> Any:
    model = CLIPModel(clip_config()).eval()
    model.load_state_dict(from_open_clip(state))
    return model


@pytest.mark.parametrize("seed", range(3))
def test_both_towers_see_and_read_the_same(seed: int) -> None:
    theirs: OpenClip = lively(OpenClip(), seed)
    model = ours(theirs.state_dict())
    pixels = torch.randn(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        seen = model.get_image_features(pixel_values=pixels).pooler_output
        assert torch.allclose(seen, theirs.visual(pixels), atol=1e-5)
        embeddings = model.get_text_features(input_ids=TOKENS).pooler_output
        assert torch.allclose(embeddings, theirs.text(TOKENS), atol=1e-5)
    assert model.logit_scale == theirs.logit_scale


def test_every_weight_finds_its_place_once() -> None:
    state = OpenClip().state_dict()
    renamed = from_open_clip(state)
    assert set(renamed) == set(CLIPModel(clip_config()).state_dict())
    assert sum(t.numel() for t in renamed.values()) == sum(t.numel() for t in state.values())


@pytest.mark.parametrize(
    "name",
    [
        "visual.blocks.0.norm1.weight",
        "transformer.resblocks.0.ln_3.weight",
        "transformer.resblocks.0.attn.in_proj_weigh",
        "score_predictor.weight",
    ],
)
def test_other_weights_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        from_open_clip({name: torch.zeros(3)})


def test_open_clip_itself_sees_and_reads_the_same() -> None:
    open_clip = pytest.importorskip("open_clip")
    vision = {"image_size": SIDE, "layers": LAYERS, "width": WIDTH, "patch_size": PATCH}
    text = {"vocab_size": VOCABULARY, "width": WIDTH, "heads": HEADS, "layers": LAYERS}
    theirs = lively(
        open_clip.model.CLIP(
            EMBEDDING,
            vision | {"head_width": WIDTH // HEADS},
            text | {"context_length": tiny.TOKENS},
        )
    )
    model = ours(theirs.state_dict())
    pixels = torch.randn(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    # open_clip takes the token with the greatest number for the end.
    tokens = torch.full((2, tiny.TOKENS), VOCABULARY - 1)
    tokens[:, :4] = TOKENS[:, :4]
    model.text_model.config.eos_token_id = model.text_model.eos_token_id = VOCABULARY - 1
    with torch.no_grad():
        seen = model.get_image_features(pixel_values=pixels).pooler_output
        assert torch.allclose(seen, theirs.encode_image(pixels), atol=1e-5)
        embeddings = model.get_text_features(input_ids=tokens).pooler_output
        assert torch.allclose(embeddings, theirs.encode_text(tokens), atol=1e-5)

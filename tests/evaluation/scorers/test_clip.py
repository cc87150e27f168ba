"""PickScore, CLIP score and CLIP image similarity are what the library's own forward pass says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget.evaluation.scorers import MissingWeights, WrongWeights, load_scorer
from fabric_widget.zoo import tiny
from tests.evaluation.scorers.checkpoints import pictures, processor, write_clip

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("pickscore", "clip-score", "clip-image")
PROMPTS = ["red fish", "a", "", "a prompt of far more tokens than the model can read"]


def outputs(model: Any, prompt: str) -> Any:
    images = [image.convert("RGB") for image in rgb()]
    words = tiny.tokenizer()([prompt], truncation=True, return_tensors="pt")
    pixels = processor()(images=images, return_tensors="pt")
    with torch.no_grad():
        return model(**words, **pixels)


def rgb() -> list[Any]:
    return [image for image in pictures() if image.mode == "RGB"]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_pickscore_is_the_logit_of_picture_and_prompt(clip: tuple[Path, Any], prompt: str) -> None:
    folder, model = clip
    scores = load_scorer("pickscore", weights=folder).score(prompt, rgb())  # type: ignore[union-attr]
    assert scores == pytest.approx(outputs(model, prompt).logits_per_image[:, 0].numpy(), rel=1e-5)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("name", ["clip-score", "clip-image"])
def test_clip_score_is_a_hundred_cosines(clip: tuple[Path, Any], name: str, prompt: str) -> None:
    folder, model = clip
    scores = load_scorer(name, weights=folder).score(prompt, rgb())  # type: ignore[union-attr]
    logits = outputs(model, prompt).logits_per_image[:, 0] / model.logit_scale.exp()
    assert scores == pytest.approx(100 * logits.detach().numpy(), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_features_are_the_image_embeddings(clip: tuple[Path, Any], name: str) -> None:
    folder, model = clip
    features = load_scorer(name, weights=folder).features(rgb())  # type: ignore[union-attr]
    assert features == pytest.approx(outputs(model, "a").image_embeds.numpy(), abs=1e-5)


def test_the_prompt_counts(clip: tuple[Path, Any]) -> None:
    scorer: Any = load_scorer("clip-score", weights=clip[0])
    assert np.abs(scorer.score("red", rgb()) - scorer.score("blue", rgb())).min() > 0.01


def test_a_hundredfold_cosine_stays_within_a_hundred(clip: tuple[Path, Any]) -> None:
    scorer: Any = load_scorer("clip-image", weights=str(clip[0]))
    assert np.abs(scorer.score("red", pictures())).max() <= 100


@pytest.mark.parametrize("name", NAMES)
def test_without_a_processor_the_published_one_is_wanted(name: str, tmp_path: Path) -> None:
    write_clip(tmp_path, processed=False)
    published = {
        "pickscore": "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
        "clip-score": "openai/clip-vit-base-patch32",
        "clip-image": "openai/clip-vit-large-patch14-336",
    }
    with pytest.raises(MissingWeights, match=published[name]):
        load_scorer(name, weights=tmp_path)


def test_a_tokenizer_that_knows_no_word_is_refused(clip: tuple[Path, Any], tmp_path: Path) -> None:
    # transformers makes one where it finds the settings of a tokenizer but no vocabulary.
    shutil.copytree(clip[0], tmp_path, dirs_exist_ok=True)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text("{}")
    (tmp_path / "merges.txt").write_text("")
    with pytest.raises((MissingWeights, WrongWeights), match="tokenizer"):
        load_scorer("clip-score", weights=tmp_path)


def test_pillow_resizes_whatever_else_is_installed(clip: tuple[Path, Any]) -> None:
    # Numbers must not depend on whether torchvision is there.
    from fabric_widget.evaluation.scorers.weights.loading import load_image_processor

    assert (
        type(load_image_processor("clip-score", str(clip[0]))).__name__ == "CLIPImageProcessorPil"
    )

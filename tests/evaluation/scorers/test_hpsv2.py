"""HPS v2.1: its checkpoint, its way of fitting a picture, its score."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.evaluation.scorers import MissingWeights, WrongWeights, load_scorer
from fabric_widget.evaluation.scorers.hpsv2 import CHECKPOINT, letterboxed
from fabric_widget.zoo import tiny
from tests.evaluation.scorers.checkpoints import OpenClip, pictures, write_clip

if TYPE_CHECKING:
    from pathlib import Path

MEAN = np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None]
STD = np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]
SIDES = st.integers(1, 200)


def unprepared(picture: Image.Image, side: int = 32) -> Any:
    """Return what is put before the model, as red, green and blue from 0 to 1."""
    return letterboxed(side)([picture])[0].numpy() * STD + MEAN


@pytest.mark.parametrize("prompt", ["red fish", "a", "of far more tokens than it can read"])
def test_the_score_is_the_cosine_of_its_own_layout(
    hpsv2: tuple[Path, OpenClip], prompt: str
) -> None:
    folder, model = hpsv2
    images = [image for image in pictures() if image.mode == "RGB"]
    tokens = tiny.tokenizer()([prompt], truncation=True, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        seen = model.visual(letterboxed(32)(images))
        cosines = torch.cosine_similarity(seen, model.text(tokens))
    scores = load_scorer("hpsv2", weights=folder).score(prompt, images)  # type: ignore[union-attr]
    assert scores == pytest.approx(cosines.numpy(), abs=1e-5)


@given(SIDES, SIDES)
def test_the_whole_picture_is_seen_and_black_fills_the_rest(width: int, height: int) -> None:
    seen = unprepared(Image.new("RGB", (width, height), (255, 128, 0)))
    assert seen.shape == (3, 32, 32)
    filled = np.isclose(seen, np.array([1, 128 / 255, 0])[:, None, None], atol=1e-3).all(axis=0)
    black = np.isclose(seen, 0, atol=1e-3).all(axis=0)
    assert (filled ^ black).all()
    rows, columns = filled.any(axis=1).sum(), filled.any(axis=0).sum()
    assert max(rows, columns) == 32
    assert filled.sum() == rows * columns
    shorter = 32 * min(width, height) / max(width, height)
    assert abs(min(rows, columns) - shorter) <= max(0.5, 1 - shorter)


def test_it_stands_in_the_middle() -> None:
    wide = unprepared(Image.new("RGB", (64, 32), "white"))
    assert np.flatnonzero(wide[0, :, 0] > 0.5).tolist() == list(range(8, 24))


def test_a_picture_of_its_size_is_left_as_it_is() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert unprepared(Image.fromarray(noise)) == pytest.approx(
        noise.transpose(2, 0, 1) / 255, abs=1e-6
    )


def test_shrinking_takes_the_mean_of_what_it_cannot_show() -> None:
    # Of 64 pixels that are black or white at random, the mean strays by 0.5 / 8.
    noise = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (256, 256))
    seen = unprepared(Image.fromarray(noise).convert("RGB"))
    assert seen.mean() == pytest.approx(0.5, abs=0.01)
    assert seen.std() == pytest.approx(0.5 / 8, rel=0.5)


def test_a_checkpoint_alone_wants_the_rest_of_its_base(hpsv2: tuple[Path, OpenClip]) -> None:
    with pytest.raises(MissingWeights, match="laion/CLIP-ViT-H-14-laion2B-s32B-b79K"):
        load_scorer("hpsv2", weights=hpsv2[0] / CHECKPOINT)


def test_a_folder_without_the_checkpoint_says_which(tmp_path: Path) -> None:
    write_clip(tmp_path)
    with pytest.raises(MissingWeights, match=r"lacks the checkpoint HPS_v2\.1_compressed\.pt"):
        load_scorer("hpsv2", weights=tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda state: state.popitem() and state, id="a tensor is missing"),
        pytest.param(lambda state: state | {"visual.proj": torch.zeros(3, 4)}, id="another shape"),
        pytest.param(lambda state: state | {"predictor.weight": torch.zeros(1)}, id="too much"),
        pytest.param(lambda _: [1, 2], id="no weights at all"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(
    hpsv2: tuple[Path, OpenClip], tmp_path: Path, damage: Any
) -> None:
    shutil.copytree(hpsv2[0], tmp_path, dirs_exist_ok=True)
    stored = damage(dict(hpsv2[1].state_dict()))
    torch.save({"state_dict": stored}, tmp_path / CHECKPOINT)
    with pytest.raises(WrongWeights, match="hpsv2"):
        load_scorer("hpsv2", weights=tmp_path)


def test_a_file_that_is_no_checkpoint_is_refused(
    hpsv2: tuple[Path, OpenClip], tmp_path: Path
) -> None:
    shutil.copytree(hpsv2[0], tmp_path, dirs_exist_ok=True)
    (tmp_path / CHECKPOINT).write_text("<html>not found</html>")
    with pytest.raises(WrongWeights, match=CHECKPOINT):
        load_scorer("hpsv2", weights=tmp_path)

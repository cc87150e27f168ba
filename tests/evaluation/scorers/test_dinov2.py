"""DINOv2 similarity is the cosine of what the library's own forward pass gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import AutoImageProcessor

from fabric_widget.evaluation.scorers import load_scorer
from tests.evaluation.scorers.checkpoints import SIDE, pictures

if TYPE_CHECKING:
    from pathlib import Path


def test_features_are_the_normalised_cls_tokens(dinov2: tuple[Path, Any]) -> None:
    folder, model = dinov2
    images = [image for image in pictures() if image.mode == "RGB"]
    pixels = AutoImageProcessor.from_pretrained(folder, backend="pil")(images, return_tensors="pt")
    assert pixels["pixel_values"].shape[-2:] == (SIDE, SIDE)
    with torch.no_grad():
        pooled = model(**pixels).pooler_output
    expected = torch.nn.functional.normalize(pooled, dim=-1).numpy()
    features = load_scorer("dinov2", weights=folder).features(images)  # type: ignore[union-attr]
    assert features == pytest.approx(expected, abs=1e-5)

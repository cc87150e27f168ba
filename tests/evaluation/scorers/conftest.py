"""Tiny checkpoints on disk, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.evaluation.scorers import checkpoints

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with a CLIP model, and the model."""
    folder = tmp_path_factory.mktemp("clip")
    return folder, checkpoints.write_clip(folder)


@pytest.fixture(scope="session")
def dinov2(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with a DINOv2 model, and the model."""
    folder = tmp_path_factory.mktemp("dinov2")
    return folder, checkpoints.write_dinov2(folder)


@pytest.fixture(scope="session")
def hpsv2(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, checkpoints.OpenClip]:
    """A folder with a checkpoint like that of HPS v2.1, and the model."""
    folder = tmp_path_factory.mktemp("hpsv2")
    return folder, checkpoints.write_hpsv2(folder)

"""Weights that are missing, or another model's: what is said, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from fabric_widget.evaluation.scorers import (
    SCORERS,
    MissingWeights,
    WrongWeights,
    load_scorer,
)
from fabric_widget.evaluation.scorers.weights.loading import usable_device
from tests.evaluation.scorers.checkpoints import write_clip, write_dinov2

HUB = ("pickscore", "clip-score", "clip-image", "dinov2")
WRITERS: dict[str, Any] = {"pickscore": write_clip, "dinov2": write_dinov2}


@pytest.mark.parametrize("name", HUB)
def test_missing_weights_say_which_where_and_how(name: str) -> None:
    with pytest.raises(MissingWeights) as e:
        load_scorer(name)
    message = str(e.value)
    assert name in message
    assert f"hf download {SCORERS[name].weights}" in message
    assert str(constants.HF_HUB_CACHE) in message
    assert "--weights" in message
    assert "HF_HUB_OFFLINE is set" in message
    assert isinstance(e.value, FileNotFoundError)
    assert isinstance(e.value.__cause__, OSError)
    assert not isinstance(e.value.__cause__, MissingWeights)


def test_hpsv2_names_its_one_file_of_a_large_repository(tmp_path: Path) -> None:
    # With the base model in a folder, only the checkpoint is missing.
    write_clip(tmp_path)
    with pytest.raises(MissingWeights, match="HPS_v2"):
        load_scorer("hpsv2", weights=tmp_path)


@pytest.mark.parametrize("name", [*HUB, "hpsv2"])
def test_another_hub_id_is_looked_for(name: str) -> None:
    with pytest.raises(MissingWeights, match=r"someone/something|CLIP-ViT-H-14"):
        load_scorer(name, weights="someone/something")


@pytest.mark.parametrize("name", [*HUB, "hpsv2"])
@pytest.mark.parametrize("weights", ["./nowhere", "/no/where", "~/nowhere-at-all", "a/b/c", "here"])
def test_a_folder_that_does_not_exist_is_named(name: str, weights: str) -> None:
    with pytest.raises(MissingWeights, match=f"{name}: there is nothing at /"):
        load_scorer(name, weights=weights)


@pytest.mark.parametrize("name", [*HUB, "hpsv2"])
def test_a_path_is_never_taken_for_a_hub_id(name: str) -> None:
    with pytest.raises(MissingWeights, match="there is nothing at"):
        load_scorer(name, weights=Path("someone/something"))


@pytest.mark.parametrize("name", HUB)
def test_an_empty_folder_is_no_model(name: str, tmp_path: Path) -> None:
    with pytest.raises((MissingWeights, WrongWeights), match=str(tmp_path)):
        load_scorer(name, weights=tmp_path)


@pytest.mark.parametrize("name", HUB)
def test_a_configuration_without_weights_is_no_model(name: str, tmp_path: Path) -> None:
    WRITERS.get(name, write_clip)(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(MissingWeights, match=f"{tmp_path} lacks the weights"):
        load_scorer(name, weights=tmp_path)


@pytest.mark.parametrize(("name", "other"), [("pickscore", "dinov2"), ("dinov2", "pickscore")])
def test_another_architecture_is_refused(name: str, other: str, tmp_path: Path) -> None:
    WRITERS[other](tmp_path)
    with pytest.raises(WrongWeights, match="holds a model of type"):
        load_scorer(name, weights=tmp_path)


@pytest.mark.parametrize("name", ["pickscore", "dinov2"])
def test_weights_with_holes_are_refused(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    gone = max(tensors)
    del tensors[gone]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WrongWeights, match=f"1 tensors .* such as {gone}"):
        load_scorer(name, weights=tmp_path)


@pytest.mark.parametrize("name", ["pickscore", "dinov2"])
def test_weights_of_another_size_are_refused(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors[max(tensors)] = torch.zeros(3, 5)
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WrongWeights, match=str(tmp_path)):
        load_scorer(name, weights=tmp_path)


@pytest.mark.parametrize("name", ["pickscore", "dinov2"])
def test_a_file_cut_short_is_refused(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WrongWeights, match=str(tmp_path)):
        load_scorer(name, weights=tmp_path)


def test_a_configuration_of_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"hello": 1}))
    with pytest.raises(WrongWeights, match=str(tmp_path)):
        load_scorer("clip-score", weights=tmp_path)


@pytest.mark.parametrize("device", ["cuda:99", "toaster"])
@pytest.mark.parametrize("name", ["clip-score", "hpsv2", "dinov2", "imagereward", "inception"])
def test_a_device_that_is_not_here_is_refused_first(name: str, device: str) -> None:
    with pytest.raises(ValueError, match=f"device '{device}' cannot be used here"):
        load_scorer(name, device=device)


def test_the_cpu_can_be_used() -> None:
    assert usable_device("cpu") == torch.device("cpu")


def test_models_go_where_they_are_sent(clip: tuple[Path, Any], dinov2: tuple[Path, Any]) -> None:
    # "meta" stands for any device but the default.
    for name, folder in (("clip-score", clip[0]), ("dinov2", dinov2[0])):
        scorer: Any = load_scorer(name, weights=folder, device="meta")
        assert scorer.model.device.type == "meta"

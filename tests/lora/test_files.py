"""LoRA files: what others read, what is said in them, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from fabric_widget import TasteLoRA
from fabric_widget.engine import FabricError
from fabric_widget.lora.errors import LoRAFileError
from fabric_widget.lora.files import read_header
from fabric_widget.zoo import tiny
from tests.lora.sessions import FEW, picture, session_of

if TYPE_CHECKING:
    from pathlib import Path

NAN = torch.full((1, 2), torch.nan)


@pytest.fixture(scope="module")
def baked() -> tuple[Any, TasteLoRA]:
    """Return a pipeline and a LoRA that was baked on it."""
    pipe = tiny.pipeline()
    return pipe, session_of(pipe).bake("ink", settings=FEW, prompts=["abc", "d"])


def small(**others: Any) -> TasteLoRA:
    weights = {"a.to_q": (torch.ones(1, 2), torch.ones(3, 1))}
    return TasteLoRA(**{"name": "ink", "weights": weights, "component": "unet", **others})


def test_a_saved_one_is_the_same_when_it_is_read(
    baked: tuple[Any, TasteLoRA], tmp_path: Path
) -> None:
    _, lora = baked
    read = TasteLoRA.load(lora.save(tmp_path))
    assert (read.name, read.digest, read.component) == ("ink", lora.digest, "unet")
    assert read.about == json.loads(json.dumps(lora.about))


def test_the_file_says_what_it_was_learnt_from(
    baked: tuple[Any, TasteLoRA], tmp_path: Path
) -> None:
    with safe_open(baked[1].save(tmp_path), framework="pt") as file:
        metadata = file.metadata()
    about = json.loads(metadata["fabric_widget"])
    assert about["prompt"] == "abc"
    assert about["pipeline"] == "StableDiffusionPipeline"
    assert [vote["strength"] for vote in about["votes"]] == [1.0, 1.0]
    assert about["settings"]["rank"] == 2
    assert about["losses"]["first"] > 0
    assert (metadata["ss_network_dim"], metadata["ss_network_module"]) == ("2", "networks.lora")


def test_a_sheet_of_pictures_stands_beside_it(baked: tuple[Any, TasteLoRA], tmp_path: Path) -> None:
    pipe, lora = baked
    lora.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"ink.safetensors", "ink.png"}
    assert lora.samples is not None
    assert lora.samples.prompts == ("abc", "d")
    with Image.open(tmp_path / "ink.png") as sheet:
        assert sheet.size == lora.samples.sheet().size
    del pipe


@pytest.mark.parametrize("layout", ["diffusers", "kohya"])
def test_diffusers_makes_the_same_pictures_with_both_layouts(
    baked: tuple[Any, TasteLoRA], layout: str, tmp_path: Path
) -> None:
    pipe, lora = baked
    with lora.on(pipe):
        wanted = picture(pipe)
    fresh = tiny.pipeline()
    fresh.load_lora_weights(str(lora.save(tmp_path, layout=layout)))
    assert np.array_equal(picture(fresh), wanted)


def test_names_are_those_that_other_programs_look_for(
    baked: tuple[Any, TasteLoRA], tmp_path: Path
) -> None:
    layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    names = {}
    for layout in ("diffusers", "kohya"):
        with safe_open(baked[1].save(tmp_path / layout, layout=layout), framework="pt") as file:
            names[layout] = set(file.keys())
    assert {f"unet.{layer}.lora_{side}.weight" for side in "AB"} <= names["diffusers"]
    flat = f"lora_unet_{layer.replace('.', '_')}"
    sides = ("lora_down.weight", "lora_up.weight", "alpha")
    assert {f"{flat}.{side}" for side in sides} <= names["kohya"]
    assert len(names["kohya"]) == len(baked[1].weights) * 3


def test_layouts_that_nobody_agrees_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no names for the layers of this transformer"):
        small(component="transformer").save(tmp_path, layout="kohya")
    with pytest.raises(ValueError, match="give diffusers or kohya"):
        small().save(tmp_path, layout="lycoris")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "a/b", "..", ".ink", "a\\b", " ink", "a\nb", "x" * 81, 3])
def test_names_that_are_no_files_are_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="its file has the same name"):
        small(name=name)


def test_a_file_that_was_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small().save(tmp_path)
    before = path.read_bytes()

    def fails(tensors: object, name: Path, metadata: object) -> None:
        del tensors, metadata
        name.write_bytes(b"half")
        message = "the disk is full"
        raise OSError(message)

    monkeypatch.setattr("fabric_widget.lora.files.save_file", fails)
    with pytest.raises(OSError, match="disk is full"):
        small().save(tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "tensors",
    [
        {"conv.weight": torch.zeros(2)},
        {"unet.a.lora_A.weight": torch.zeros(1, 2)},
        {"unet.a.lora_A.weight": torch.zeros(1, 2), "unet.a.lora_B.weight": torch.zeros(2, 3)},
        {
            "unet.a.lora_A.weight": NAN,
            "unet.a.lora_B.weight": torch.zeros(2, 1),
        },
        {
            "unet.a.lora_A.weight": torch.zeros(1, 2),
            "unet.a.lora_B.weight": torch.zeros(2, 1),
            "transformer.a.lora_A.weight": torch.zeros(1, 2),
            "transformer.a.lora_B.weight": torch.zeros(2, 1),
        },
    ],
)
def test_files_of_something_else_are_refused(
    tensors: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    place = tmp_path / "other.safetensors"
    save_file(tensors, place)
    with pytest.raises(LoRAFileError, match="holds no LoRA of one denoiser"):
        TasteLoRA.load(place)
    if not any(x.isnan().any() for x in tensors.values()):  # of numbers a header tells nothing
        with pytest.raises(LoRAFileError, match="holds no LoRA of one denoiser"):
            read_header(place)


def test_one_for_a_layer_of_another_kind_is_refused() -> None:
    pipe = tiny.pipeline()
    lora = small(weights={"conv_in": (torch.ones(1, 2), torch.ones(3, 1))})
    with pytest.raises(FabricError, match="no layer conv_in of its size"), lora.on(pipe):
        pass


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = small().save(tmp_path)
    path.write_bytes(path.read_bytes()[:40])
    for place in (path, tmp_path / "none.safetensors"):
        with pytest.raises(LoRAFileError, match="no LoRA that can be read"):
            TasteLoRA.load(place)

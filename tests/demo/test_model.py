"""The model that ships: small, loadable by anyone, obedient, and diverse where a prompt is silent.

The bars are those of the model card, on fewer pictures than the card's own figures.
"""

import json
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file, save_file

from fabric_widget.demo import MODEL, load_demo
from fabric_widget.demo.reader import Reading, load_reader
from fabric_widget.demo.scenes import ATTRIBUTES, Scene, render
from fabric_widget.demo.training import card, judge

MEGABYTE = 1e6


@cache
def pipe() -> StableDiffusionPipeline:
    return load_demo()


@cache
def recommended() -> dict[str, Any]:
    return dict(pipe().config["_fabric_defaults"])


def test_it_is_a_stable_diffusion_pipeline_small_enough_for_a_package() -> None:
    assert type(pipe()) is StableDiffusionPipeline
    assert sum(f.stat().st_size for f in MODEL.rglob("*") if f.is_file()) < 24 * MEGABYTE
    assert card.flops(pipe()) < 2e9


def test_any_diffusers_program_loads_the_folder() -> None:
    other = DiffusionPipeline.from_pretrained(MODEL, dtype=torch.float32)
    other.set_progress_bar_config(disable=True)
    arguments = {"prompt": "a red fish", "num_inference_steps": 2, "output_type": "pt"}
    pictures = [
        p(**arguments, generator=torch.Generator().manual_seed(5)).images for p in (pipe(), other)
    ]
    assert torch.equal(*pictures)


def test_the_card_says_what_was_measured() -> None:
    figures = json.loads((MODEL / "figures.json").read_text())
    text = (MODEL / "MODEL_CARD.md").read_text()
    for name, share in figures["prompts"].items():
        assert f"| {name} | {figures['reader'][name]:.1%} | {share:.1%} |" in text
    assert figures["prompts"]["kind"] >= 0.95
    assert figures["prompts"]["color"] >= 0.90
    assert figures["prompts"]["background"] >= 0.90
    assert figures["prompts"]["shape"] >= 0.85
    for left_open in figures["silence"].values():
        assert min(left_open["color"], left_open["background"]) >= 0.85
    for name in ("kind", "color", "background"):
        assert figures["reader"][name] >= 0.98


@cache
def _drawn() -> tuple[list[Scene], list[Reading]]:
    rng = random.Random("held out from everything")
    scenes = [Scene.sample(rng) for _ in range(800)]
    return scenes, load_reader().read([render(scene, rng) for scene in scenes])


@pytest.mark.parametrize(
    ("name", "least"), [("kind", 0.98), ("color", 0.98), ("background", 0.98), ("shape", 0.95)]
)
def test_the_reader_reads_drawings_it_has_never_seen(name: str, least: float) -> None:
    scenes, readings = _drawn()
    right = [r.best(name) == getattr(s, name) for s, r in zip(scenes, readings, strict=True)]
    assert sum(right) / len(right) >= least


def test_a_reading_is_a_distribution_over_every_attribute() -> None:
    _, readings = _drawn()
    assert set(readings[0].probabilities) == set(ATTRIBUTES)
    for name, values in ATTRIBUTES.items():
        probabilities = readings[0].probabilities[name]
        assert tuple(probabilities) == values
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_a_model_that_is_not_ours_is_told_from_a_demo_model(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(ValueError, match=r"DiffusionPipeline\.from_pretrained"):
        load_demo(tmp_path)


def test_weights_that_transformers_does_not_find_are_not_drawn_at_random(tmp_path: Path) -> None:
    shutil.copytree(MODEL, tmp_path / "model")
    place = tmp_path / "model" / "text_encoder" / "model.safetensors"
    weights = load_file(place)
    assert all(name.startswith("text_model.") for name in weights)  # any transformers finds these
    others = {name.replace("layer_norm", "ln"): weight for name, weight in weights.items()}
    save_file(others, place, metadata={"format": "pt"})
    with pytest.raises(RuntimeError, match="does not find the weights of the text encoder"):
        load_demo(tmp_path / "model")


def test_the_reader_takes_pictures_of_any_size_and_mode() -> None:
    scene = Scene.sample(random.Random(0), color="red", background="blue", kind="monster")
    large = render(scene, random.Random(0), 128)
    small, odd = load_reader().read([large, large.convert("RGBA").resize((200, 200))])
    assert small.best("color") == odd.best("color") == "red"
    assert load_reader().read([]) == []


def test_a_missing_reader_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("fabric_widget.demo.reader.WEIGHTS", tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match="train-demo"):
        load_reader.__wrapped__()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "steps"),
    [(16, 5), pytest.param(40, 20, marks=pytest.mark.soak)],  # a minute and a half
)
def test_prompts_are_followed(prompts: int, steps: int) -> None:
    settings = recommended() | {"num_inference_steps": steps}
    shown = judge.prompts_followed(pipe(), load_reader(), prompts=prompts, **settings)
    assert shown["kind"] >= 0.95
    assert shown["color"] >= 0.90
    assert shown["background"] >= 0.90
    assert shown["shape"] >= 0.85


@pytest.mark.soak  # a minute and a half, about weights that do not change
def test_silence_is_diverse() -> None:
    for left_open in judge.entropy_of_open_attributes(
        pipe(), load_reader(), images=60, **recommended()
    ).values():
        assert left_open["color"] >= 0.85
        assert left_open["background"] >= 0.85


def test_it_draws_rgb_pictures_of_its_own_size() -> None:
    (picture,) = pipe()("a monster", num_inference_steps=1).images
    assert isinstance(picture, Image.Image)
    assert picture.mode == "RGB"
    assert picture.size == (64, 64)

"""The training machinery: schedules, resuming, and one run of everything in miniature."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file
from torch import nn

from fabric_widget.demo import load_demo
from fabric_widget.demo.training import RECOMMENDED, loop, train_demo
from fabric_widget.demo.training.muon import Muon, orthogonal
from fabric_widget.demo.training.recipe import Recipe, Stage


class Interrupted(Exception):  # noqa: N818  (it is no error)
    """Stands for a machine that goes away."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def regression(folder: Path, stop_before: int | None = None) -> list[torch.Tensor]:
    """Fit a little network for six steps and return its weights."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    stage = Stage(steps=6, batch=8, learning_rate=0.1, warmup=2, average=0.5)

    def loss(step: int, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        if step == stop_before:
            raise Interrupted
        x = torch.randn(stage.batch, 3, generator=generator)
        return (network(x) - x.sum(1, keepdim=True)).square().mean(), {}

    loop.train("toy", stage, network, loss, folder, seed=3)
    return [p.detach() for p in network.parameters()]


@pytest.mark.parametrize("step", [1, 3, 5])
def test_an_interrupted_run_ends_like_an_undisturbed_one(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_SECONDS", -1.0)  # after every step
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    expected = regression(whole)
    with pytest.raises(Interrupted):
        regression(broken, stop_before=step)
    for mine, wanted in zip(regression(broken), expected, strict=True):
        assert torch.equal(mine, wanted)


def test_a_finished_stage_is_not_trained_again(tmp_path: Path) -> None:
    expected = regression(tmp_path)
    for mine, wanted in zip(regression(tmp_path, stop_before=0), expected, strict=True):
        assert torch.equal(mine, wanted)


def test_the_learning_rate_rises_holds_and_falls() -> None:
    stage = Stage(steps=100, batch=1, learning_rate=1.0, warmup=10, decay_from=0.5)
    rates = [loop.learning_rate(stage, step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert set(rates[10:50]) == {1.0}
    assert rates[50:] == sorted(rates[50:], reverse=True)
    assert 0.01 <= rates[-1] < 0.02


@pytest.mark.parametrize("shape", [(4, 4), (3, 9), (9, 3), (16, 144)])
def test_an_orthogonal_update_has_singular_values_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_muon_walks_downhill() -> None:
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4, 2, 3, 3))
    optimizer = Muon([weight], lr=0.05)
    before = weight.square().sum().item()
    for _ in range(200):
        torch.autograd.backward(weight.square().sum())
        optimizer.step()
        optimizer.zero_grad()
    assert weight.square().sum().item() < 0.1 * before


@pytest.mark.parametrize(("steps", "batch"), [(0, 1), (1, 0)])
def test_a_stage_that_learns_nothing_is_refused(steps: int, batch: int) -> None:
    with pytest.raises(ValueError, match=r"steps >= 1 and batch >= 1"):
        Stage(steps=steps, batch=batch, learning_rate=1.0)


@pytest.mark.slow
def test_everything_in_miniature_makes_a_model_that_diffusers_loads(tmp_path: Path) -> None:
    short = Stage(steps=2, batch=2, learning_rate=1e-3)
    recipe = replace(
        Recipe(),
        pictures=8,
        held_out=8,
        vae_channels=(8, 8, 8),
        unet_channels=(16, 16),
        text_layers=1,
        judged_prompts=1,
        judged_pictures=4,
        vae=short,
        text=short,
        unet=short,
        reader=short,
    )
    train_demo(recipe, out=tmp_path / "model", work=tmp_path / "work", device="cpu")

    pipe = load_demo(tmp_path / "model")
    names = load_file(tmp_path / "model" / "text_encoder" / "model.safetensors")
    assert all(name.startswith("text_model.") for name in names)  # any transformers finds these
    assert pipe.config["_fabric_defaults"] == RECOMMENDED
    arguments = {"prompt": "a red monster", "num_inference_steps": 2, "output_type": "pt"}
    mine = pipe(**arguments, generator=torch.Generator().manual_seed(0)).images
    assert mine.shape == (1, 3, 64, 64)
    other = DiffusionPipeline.from_pretrained(tmp_path / "model", dtype=torch.float32)
    other.set_progress_bar_config(disable=True)
    assert torch.equal(mine, other(**arguments, generator=torch.Generator().manual_seed(0)).images)

    figures = json.loads((tmp_path / "model" / "figures.json").read_text())
    assert set(figures) == {"reader", "prompts", "silence", "training"}
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text()
    assert "$" not in card
    assert f"{figures['prompts']['kind']:.1%}" in card


def test_a_folder_without_a_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train-demo"):
        load_demo(tmp_path)

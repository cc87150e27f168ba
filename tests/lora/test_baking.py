"""Laws of baking: what it leaves of the pipeline, of the session, and of itself."""

from __future__ import annotations

import math
import threading
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget import Fabric, LoRASettings, TasteLoRA
from fabric_widget.engine import FabricError, GenerationCancelled, PipelineBusy
from fabric_widget.lora import NotEnoughVotes
from fabric_widget.lora.train import Trained
from fabric_widget.zoo import ZOO, tiny
from tests.lora.sessions import FEW, QUICK, picture, session_of, traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.lora import BakingProgress
    from fabric_widget.lora.adapter import Weights


def failing(stage: str, error: BaseException) -> Callable[[BakingProgress], None]:
    """Return an `on_step` that fails in a stage."""

    def on_step(progress: BakingProgress) -> None:
        if progress.stage == stage:
            raise error

    return on_step


def test_afterwards_the_pipeline_is_as_it_was_to_the_bit() -> None:
    pipe = tiny.pipeline()
    session, before, plain = session_of(pipe), traces(pipe.unet), picture(pipe)
    seeded = torch.random.get_rng_state()
    session.bake("ink", settings=FEW)
    assert torch.equal(torch.random.get_rng_state(), seeded)
    assert traces(pipe.unet) == before
    assert np.array_equal(picture(pipe), plain)


@pytest.mark.parametrize("stage", ["lessons", "training"])
@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_what_ends_in_the_middle_leaves_nothing_behind(stage: str, error: BaseException) -> None:
    pipe = tiny.pipeline()
    session, before, plain = session_of(pipe), traces(pipe.unet), picture(pipe)
    with pytest.raises(type(error)):
        session.bake("ink", settings=FEW, on_step=failing(stage, error))
    assert traces(pipe.unet) == before
    assert np.array_equal(picture(pipe), plain)
    assert not session.loras
    session.generate(num_images=1, **QUICK)  # nor the lock


@pytest.mark.parametrize("stage", ["lessons", "training"])
@pytest.mark.parametrize("by_session", [True, False])
def test_it_can_be_cancelled_at_any_step(stage: str, by_session: bool) -> None:
    pipe = tiny.pipeline()
    session, before = session_of(pipe), traces(pipe.unet)
    wanted = threading.Event()

    def on_step(progress: BakingProgress) -> None:
        if progress.stage == stage:
            (session.cancel if by_session else wanted.set)()

    with pytest.raises(GenerationCancelled):
        session.bake("ink", settings=FEW, on_step=on_step, cancelled=wanted.is_set)
    assert traces(pipe.unet) == before
    assert not session.loras
    assert session.undoable == "vote"


def test_what_it_learns_is_what_the_model_predicts_while_pictures_are_lent_to_it() -> None:
    pipe = tiny.pipeline()
    session = session_of(pipe, {**QUICK, "num_inference_steps": 1})
    found: list[float] = []
    session.bake(
        "ink",
        settings=replace(FEW, steps=30, learning_rate=0.02),
        on_step=lambda progress: found.append(progress.loss),
    )
    losses = [loss for loss in found if math.isfinite(loss)]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("name", ["SD 1", "SDXL", "PixArt-Σ", "SD 3", "Flux"])
def test_every_kind_of_denoiser_learns_and_its_file_loads(name: str, tmp_path: Any) -> None:
    family = ZOO[name]
    arguments = family.arguments | family.needs
    pipe = family.build()
    with family.quiet():
        session = session_of(pipe, arguments, pictures=1)
        losses: list[float] = []
        lora = session.bake(
            "ink",
            settings=LoRASettings(
                steps=12, rank=2, pictures=1, batch_size=1, learning_rate=0.02, patience=0
            ),
            on_step=lambda progress: losses.append(progress.loss),
        )
        trained = [loss for loss in losses if math.isfinite(loss)]
        assert min(trained[6:]) < max(trained[:3])
        plain = picture(pipe, arguments)
        with lora.on(pipe):
            wanted = picture(pipe, arguments)
        assert not np.array_equal(wanted, plain)
        path, fresh = lora.save(tmp_path), family.build()
        if hasattr(fresh, "load_lora_weights"):
            fresh.load_lora_weights(str(tmp_path), weight_name=path.name)
            found = picture(fresh, arguments)
        else:  # diffusers has no LoRAs for this pipeline
            with TasteLoRA.load(path).on(fresh):
                found = picture(fresh, arguments)
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize("likes", [0, 1])
def test_too_few_likes_are_said_before_anything_is_made(likes: int) -> None:
    session = session_of(tiny.pipeline(), likes=likes)
    session.dislike(session.rounds[0][1])
    steps: list[object] = []
    with pytest.raises(NotEnoughVotes, match="like another one, then bake again"):
        session.bake("ink", settings=FEW, on_step=steps.append)
    assert not steps


def test_the_pipeline_is_busy_meanwhile() -> None:
    session = session_of(tiny.pipeline())
    busy: list[str] = []

    def on_step(progress: BakingProgress) -> None:
        with pytest.raises(PipelineBusy):
            session.fabric("abc", num_images=1, **QUICK)
        busy.append(progress.stage)

    session.bake("ink", settings=FEW, on_step=on_step)
    assert set(busy) == {"lessons", "training"}


def test_steps_are_counted_over_both_stages() -> None:
    session = session_of(tiny.pipeline())
    found: list[BakingProgress] = []
    session.bake("ink", settings=FEW, on_step=found.append)
    assert [progress.step for progress in found] == list(range(1, found[-1].steps + 1))


def test_previews_show_every_prompt_and_change_nothing() -> None:
    pipe = tiny.pipeline()
    shown: list[list[Any]] = []
    prompts = ["abc", "d", "e f"]
    looked = session_of(pipe).bake(
        "ink", settings=FEW, prompts=prompts, on_step=lambda p: shown.append(p.previews())
    )
    assert [len(pictures) for pictures in shown] == [0, 0, 3, 3, 3]
    first, last = (np.asarray(pictures[0]) for pictures in (shown[2], shown[-1]))
    assert not np.array_equal(first, last)
    assert session_of(pipe).bake("ink", settings=FEW).digest == looked.digest


def test_the_seed_decides_what_is_learnt() -> None:
    pipe = tiny.pipeline()
    one, other = (
        session_of(pipe).bake("ink", settings=replace(FEW, seed=seed)).digest for seed in (0, 1)
    )
    assert one != other


def test_it_stops_when_held_out_lessons_get_no_better() -> None:
    session = session_of(tiny.pipeline())
    settings = LoRASettings(
        steps=64, rank=1, pictures=4, batch_size=1, learning_rate=1e-9, patience=1
    )
    lora = session.bake("ink", settings=settings)
    assert lora.about["steps"] == 16  # two looks, the second no better


def test_diverged_training_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(tiny.pipeline())

    def diverged(model: object, weights: Weights, *_: Any, **__: Any) -> Trained:
        del model
        nan = {name: (down * torch.nan, up) for name, (down, up) in weights.items()}
        return Trained(nan, (1.0,), ())

    monkeypatch.setattr("fabric_widget.lora.baking.train", diverged)
    with pytest.raises(FabricError, match="training diverged"):
        session.bake("ink", settings=FEW)
    assert not session.loras


def test_a_lora_of_somebody_else_stays_and_counts(tmp_path: Any) -> None:
    pipe = tiny.pipeline()
    theirs = session_of(pipe).bake("theirs", settings=replace(FEW, steps=6, learning_rate=0.1))
    pipe.load_lora_weights(str(theirs.save(tmp_path)), adapter_name="theirs")
    session, before, with_theirs = session_of(pipe), traces(pipe.unet), picture(pipe)
    ours = session.bake("ours", settings=replace(FEW, learning_rate=0.1))
    assert set(ours.weights) == set(theirs.weights)
    assert traces(pipe.unet) == before
    assert np.array_equal(picture(pipe), with_theirs)
    with ours.on(pipe):
        both = picture(pipe)
    fresh = tiny.pipeline()
    fresh.load_lora_weights(str(tmp_path / "theirs.safetensors"), adapter_name="theirs")
    with warnings.catch_warnings():  # peft says that there are two, as they should be
        warnings.simplefilter("ignore")
        fresh.load_lora_weights(str(ours.save(tmp_path)), adapter_name="ours")
    fresh.set_adapters(["theirs", "ours"], [1.0, 1.0])
    assert np.array_equal(picture(fresh), both)


def test_another_models_lora_is_refused() -> None:
    lora = session_of(tiny.pipeline()).bake("ink", settings=FEW)
    other = ZOO["PixArt-Σ"].build()
    before = traces(other.transformer)
    with pytest.raises(FabricError, match="made for another model"), lora.on(other):
        pass
    assert traces(other.transformer) == before


@pytest.mark.parametrize("strength", [-0.1, 2.1, float("nan"), True, "1"])
def test_strengths_out_of_range_are_refused(strength: Any) -> None:
    weights = {"a": (torch.zeros(1, 2), torch.zeros(2, 1))}
    with pytest.raises(ValueError, match="give a number from 0 to 2"):
        TasteLoRA("ink", weights, "unet", strength=strength)


def test_references_recorded_without_it_are_not_lent_with_it() -> None:
    pipe = tiny.pipeline()
    session = session_of(pipe)
    lora = session.bake("ink", settings=replace(FEW, learning_rate=0.1)).at(2)
    liked = [image for image, _ in session.liked]
    fresh = Fabric(tiny.pipeline())
    session.use_lora("ink", 0)
    session.fabric("abc", num_images=1, liked=liked, **QUICK)  # fills the cache
    with lora.on(pipe), lora.on(fresh.pipe):
        warm = session.fabric("abc", num_images=1, liked=liked, **QUICK)
        cold = fresh("abc", num_images=1, liked=liked, **QUICK)
    assert warm[0] == cold[0]


@pytest.mark.parametrize(
    "given",
    [
        {"steps": 0},
        {"rank": 300},
        {"pictures": 65},
        {"batch_size": True},
        {"learning_rate": float("nan")},
        {"learning_rate": 2},
        {"patience": -1},
        {"seed": 2**32},
    ],
)
def test_settings_out_of_range_are_refused(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is .*: give"):
        LoRASettings(**given)


def test_layers_can_be_named() -> None:
    session = session_of(tiny.pipeline())
    lora = session.bake("ink", settings=replace(FEW, layers=("to_v", "to_out.0")))
    assert {name.split("to_")[-1] for name in lora.weights} == {"v", "out.0"}
    with pytest.raises(FabricError, match="has no layer called to_x"):
        session.bake("ink", settings=replace(FEW, layers=("to_x",)))

"""Two passes: each is the pipeline's own, and feedback acts where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from diffusers import AutoPipelineForImage2Image, EulerDiscreteScheduler
from PIL import Image

from fabric_widget.engine import (
    Fabric,
    FabricError,
    GenerationCancelled,
    HiRes,
    NoAttentionSites,
    Progress,
    Schedule,
)
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import pixels_of, published, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fabric_widget.engine import GeneratedImage

pytestmark = pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated:FutureWarning")

SETTINGS: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 3.0}
SEED = 5


@pytest.fixture
def fabric(pipe: Any) -> Fabric:
    return published(pipe, schedule=Schedule(end=1))


def made(hires: Any, **arguments: Any) -> Any:
    return hires("a cat", **{"num_images": 2, "seed": SEED, **SETTINGS, **arguments})


def drawn_over(pipe: Any, images: Iterable[GeneratedImage], strength: float) -> list[bytes]:
    """Return what diffusers alone makes of enlarged pictures."""
    second = AutoPipelineForImage2Image.from_pipe(pipe)
    second.set_progress_bar_config(disable=True)
    side = 2 * tiny.SIDE
    return [
        second(
            "a cat",
            image=image.image.resize((side, side), Image.Resampling.LANCZOS),
            strength=strength,
            generator=[torch.Generator().manual_seed(image.seed)],
            **SETTINGS,
        )[0][0].tobytes()
        for image in images
    ]


def test_without_votes_both_passes_are_the_pipelines_own(fabric: Fabric) -> None:
    small = made(fabric)
    large = made(HiRes(fabric))
    assert pixels_of(large) == drawn_over(fabric.pipe, small, 0.5)
    assert [image.seed for image in large] == [SEED, SEED + 1]
    assert {image.image.size for image in large} == {(2 * tiny.SIDE, 2 * tiny.SIDE)}


def test_feedback_in_the_second_pass_is_a_choice(fabric: Fabric) -> None:
    votes = {"liked": [made(fabric, seed=40)[0]], "disliked": [made(fabric, seed=50)[0]]}
    fed = made(fabric, **votes)
    assert pixels_of(fed) != pixels_of(made(fabric))
    without = made(HiRes(fabric, feedback=False), **votes)
    assert pixels_of(without) == drawn_over(fabric.pipe, fed, 0.5)
    assert pixels_of(made(HiRes(fabric), **votes)) != pixels_of(without)


def test_enlarging_is_the_second_pass(fabric: Fabric) -> None:
    hires = HiRes(fabric, strength=0.75)
    votes: dict[str, Any] = {"liked": [made(fabric, seed=40)[0]]}
    whole = made(hires, **votes)
    assert pixels_of(hires.enlarge(made(fabric, **votes), **votes)) == pixels_of(whole)
    one = hires.enlarge([made(fabric)[1]])
    assert pixels_of(one) == pixels_of(made(hires))[1:]
    assert one.seed == SEED + 1


def test_a_large_picture_can_be_liked(fabric: Fabric) -> None:
    [large] = made(HiRes(fabric), num_images=1)
    assert pixels_of(made(fabric, liked=[large])) != pixels_of(made(fabric))
    assert large.settings["height"] == 2 * tiny.SIDE


def test_progress_counts_the_steps_of_both_passes(fabric: Fabric) -> None:
    told: list[Progress] = []
    made(HiRes(fabric), on_step=told.append)
    steps = 4 + 2 * 2
    assert [p.step for p in told] == list(range(1, steps + 1))
    assert {p.steps for p in told} == {steps}
    assert [p.first for p in told] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert told[-1].previews()[0].size == (2 * tiny.SIDE // 2, 2 * tiny.SIDE // 2)


@pytest.mark.parametrize("step", [2, 4, 5, 6])
def test_cancel_in_either_pass(fabric: Fabric, step: int) -> None:
    hires = HiRes(fabric)
    seen = 0

    def on_step(progress: Progress) -> None:
        nonlocal seen
        seen = progress.step
        if progress.step == step:
            hires.cancel()

    with pytest.raises(GenerationCancelled):
        made(hires, on_step=on_step)
    assert seen == step
    assert pixels_of(made(hires)) == pixels_of(made(HiRes(fabric)))


def test_exchanged_components_are_followed(fabric: Fabric) -> None:
    hires = HiRes(fabric)
    before = made(hires)
    fabric.pipe.scheduler = EulerDiscreteScheduler.from_config(fabric.pipe.scheduler.config)
    after = made(hires)
    assert pixels_of(after) != pixels_of(before)
    assert pixels_of(after) == drawn_over(fabric.pipe, made(fabric), 0.5)


def test_recommended_arguments_count_once(pipe: Any) -> None:
    pipe.register_to_config(
        _fabric_defaults={"num_inference_steps": 4, "height": tiny.SIDE, "width": tiny.SIDE}
    )
    told: list[Progress] = []
    HiRes(published(pipe))("a cat", num_images=1, on_step=told.append, guidance_scale=3.0)
    assert told[-1].steps == 6
    assert pipe.config["_fabric_defaults"]["num_inference_steps"] == 4


@pytest.mark.parametrize("family", ["SDXL", "SD 3", "Flux", "Qwen-Image", "Z-Image"])
def test_families_with_image_to_image(family: str) -> None:
    entry = ZOO[family]
    fabric = published(entry.build(), schedule=Schedule(end=1))
    arguments = {**entry.arguments, "num_inference_steps": 2}
    small = fabric("a cat", num_images=1, seed=SEED, **arguments)
    hires = HiRes(fabric)
    plain = hires.enlarge(small)
    width, height = small[0].image.size
    assert plain[0].image.size == (2 * width, 2 * height)
    assert pixels_of(hires.enlarge(small, liked=[small[0]])) != pixels_of(plain)


def test_families_without_image_to_image() -> None:
    fabric = published(ZOO["Lumina 2"].build())
    with pytest.raises(FabricError, match=r"no image-to-image pipeline for Lumina2.*as second"):
        HiRes(fabric)


def test_a_second_pipeline_of_ones_own(fabric: Fabric) -> None:
    second = AutoPipelineForImage2Image.from_pipe(tiny.pipeline("SD 1", "Euler"))
    second.set_progress_bar_config(disable=True)
    [large] = made(HiRes(fabric, second=second), num_images=1)
    assert large.image.size == (2 * tiny.SIDE, 2 * tiny.SIDE)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"scale": 1}, ValueError, "scale is 1: give a number above 1, up to 4"),
        ({"scale": 5}, ValueError, "scale is 5"),
        ({"scale": "2"}, TypeError, "scale is '2': give a number"),
        ({"strength": 0}, ValueError, "strength is 0: give a number above 0, up to 1"),
        ({"strength": float("nan")}, ValueError, "strength is nan"),
        ({"strength": True}, TypeError, "strength is True"),
    ],
)
def test_settings(
    fabric: Fabric, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        HiRes(fabric, **settings)


def test_it_is_made_from_a_fabric(pipe: Any) -> None:
    with pytest.raises(TypeError, match="is a StableDiffusionPipeline: give a Fabric"):
        HiRes(pipe)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"image": 1}, "image cannot be given"),
        ({"strength": 0.3}, "strength cannot be given"),
    ],
)
def test_arguments_are_refused_before_the_first_pass(
    fabric: Fabric, arguments: dict[str, Any], said: str
) -> None:
    told: list[Progress] = []
    with pytest.raises(TypeError, match=said):
        made(HiRes(fabric), on_step=told.append, **arguments)
    assert told == []


def test_arguments_that_the_second_pass_does_not_take() -> None:
    hires, told = HiRes(published(ZOO["SD 3"].build())), list[Progress]()
    with pytest.raises(
        TypeError, match=r"StableDiffusion3Img2ImgPipeline.* does not take guidance"
    ):
        hires("a cat", guidance=2, on_step=told.append)
    assert told == []


@pytest.mark.parametrize("images", [[], [Image.new("RGB", (8, 8))]])
def test_only_generated_images_are_enlarged(fabric: Fabric, images: list[Any]) -> None:
    with pytest.raises(TypeError, match="give images that a Fabric made"):
        HiRes(fabric).enlarge(images)


def test_errors_of_the_second_pass_come_out(fabric: Fabric) -> None:
    first = made(fabric)
    hires = HiRes(fabric)
    unreachable(fabric.pipe)
    with pytest.raises(NoAttentionSites):
        hires.enlarge(first, liked=[first[0]])


def test_a_second_pass_has_at_least_one_step() -> None:
    fabric = Fabric(tiny.pipeline())
    (small,) = fabric("abc", num_images=1, num_inference_steps=1)
    (large,) = HiRes(fabric, strength=0.3).enlarge([small])
    assert large.image.width == 2 * small.image.width

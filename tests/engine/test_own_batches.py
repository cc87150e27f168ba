"""Arguments with a batch of their own beside one prompt: served, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fabric_widget.engine import FabricError
from fabric_widget.zoo import ZOO
from tests.engine.rounds import latents_of, picture, published

PICTURES = [picture(i, 16, 16) for i in range(2)]
IMAGE_TO_IMAGE, CONTROL = ZOO["SD 1 image-to-image"], ZOO["SD 1 ControlNet"]


def test_a_start_image_for_each_picture() -> None:
    fabric = published(IMAGE_TO_IMAGE.build())
    arguments = IMAGE_TO_IMAGE.arguments | {"strength": 0.5, "num_inference_steps": 4}

    def made(image: Any, number: int = 2, seed: int = 5, **votes: Any) -> torch.Tensor:
        ours = {"num_images": number, "seed": seed, **arguments, "image": image, **votes}
        return latents_of(fabric("a cat", **ours))

    liked = [fabric("a cat", num_images=1, seed=1, **arguments)[0]]
    plain, fed = made(PICTURES), made(PICTURES, liked=liked)
    assert (fed - plain).abs().amax((1, 2, 3)).min() > 1e-3
    for i, start in enumerate(PICTURES):
        alone = made(start, 1, 5 + i, liked=liked)
        assert torch.allclose(fed[i : i + 1], alone, atol=1e-5)


def test_too_many_start_images_are_refused_by_name() -> None:
    fabric = published(IMAGE_TO_IMAGE.build())
    arguments: dict[str, Any] = IMAGE_TO_IMAGE.arguments | {"num_images": 2}
    liked = [fabric("a cat", **arguments)[0]]
    arguments["image"] = [*PICTURES, PICTURES[0]]
    with pytest.raises(FabricError, match=r"image has 3 entries beside one prompt, .* 2 pictures"):
        fabric("a cat", liked=liked, **arguments)


def test_control_images_that_the_pipeline_does_not_take_beside_one_prompt() -> None:
    fabric = published(CONTROL.build())
    arguments: dict[str, Any] = CONTROL.arguments | {"num_images": 2}
    liked = [fabric("a cat", **arguments)[0]]
    with pytest.raises(FabricError, match=r"image has 2 entries beside one prompt.*give one"):
        fabric("a cat", liked=liked, **arguments | {"image": PICTURES})


def test_other_errors_stay_what_they_are() -> None:
    fabric = published(IMAGE_TO_IMAGE.build())

    def broken(*_: Any) -> dict[str, Any]:
        message = "out of luck"
        raise RuntimeError(message)

    arguments: dict[str, Any] = IMAGE_TO_IMAGE.arguments | {"image": PICTURES, "num_images": 2}
    with pytest.raises(RuntimeError, match="out of luck"):
        fabric("a cat", callback_on_step_end=broken, **arguments)

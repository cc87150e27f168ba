"""Do many likes that share a budget of tokens say as much as all of their tokens?"""

from __future__ import annotations

from typing import Any

import pytest

from fabric_widget import Fabric, TokenBudget, load_demo
from fabric_widget.demo.reader import load_reader
from fabric_widget.engine import Everything

SETTINGS: dict[str, Any] = {"num_images": 12, "num_inference_steps": 8}
LIKES = 8
COLOR = "purple"


@pytest.mark.slow
@pytest.mark.parametrize(
    "token_budget", [TokenBudget.exact(), TokenBudget(), TokenBudget(share=0.25)], ids=repr
)
def test_eight_likes_of_a_color_are_followed(token_budget: TokenBudget) -> None:
    fabric = Fabric(load_demo(), plan=Everything(), token_budget=token_budget)
    reader = load_reader()

    def count(made: Any) -> int:
        readings = reader.read([image.image for image in made])
        return sum(reading.best("color") == COLOR for reading in readings)

    shown = fabric(f"a {COLOR} fish", seed=500, **SETTINGS)
    assert count(shown) == SETTINGS["num_images"]
    assert count(fabric("a fish", seed=5, **SETTINGS)) < 6
    assert count(fabric("a fish", seed=5, liked=shown[:LIKES], **SETTINGS)) >= 11

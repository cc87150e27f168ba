"""Do many likes that share a budget of tokens say as much as all of their tokens?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget import Fabric, TokenBudget, load_demo
from fabric_widget.demo.reader import load_reader
from fabric_widget.engine import Everything

if TYPE_CHECKING:
    from fabric_widget.engine import Round

SETTINGS: dict[str, Any] = {"num_images": 12, "num_inference_steps": 5}
LIKES = 8
COLOR = "purple"


def pictures(fabric: Fabric, prompt: str, seed: int, **votes: Any) -> tuple[Round, int]:
    """Return a round, and how many of its pictures have the colour."""
    made = fabric(prompt, seed=seed, **SETTINGS, **votes)
    readings = load_reader().read([image.image for image in made])
    return made, sum(reading.best("color") == COLOR for reading in readings)


@pytest.fixture(scope="module")
def shown() -> Round:
    """Return pictures of the colour; without it, the next prompt seldom has it."""
    fabric = Fabric(load_demo(), plan=Everything())
    made, colored = pictures(fabric, f"a {COLOR} fish", 500)
    assert colored == SETTINGS["num_images"]
    _, colored = pictures(fabric, "a fish", 5)
    assert colored < 6
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "token_budget",
    [
        pytest.param(TokenBudget.exact(), marks=pytest.mark.soak),
        TokenBudget(),
        TokenBudget(share=0.25),
    ],
    ids=repr,
)
def test_eight_likes_of_a_color_are_followed(shown: Round, token_budget: TokenBudget) -> None:
    fabric = Fabric(load_demo(), plan=Everything(), token_budget=token_budget)
    _, colored = pictures(fabric, "a fish", 5, liked=shown[:LIKES])
    assert colored >= 11

"""Do dislikes act without guidance? With the model that ships: does a disliked colour go away?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget import Fabric, load_demo
from fabric_widget.demo.reader import load_reader

if TYPE_CHECKING:
    from fabric_widget.engine import Round

SETTINGS: dict[str, Any] = {"num_images": 24, "num_inference_steps": 5, "guidance_scale": 1.0}
COLORS = 3  # the most frequent ones of each prompt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "enough"),
    [(["a fish"], 10), pytest.param(["a fish", "a flower"], 20, marks=pytest.mark.soak)],
)
def test_a_disliked_color_goes_away_without_guidance(prompts: list[str], enough: int) -> None:
    """Fewer than half as many pictures have it, while other colours stay."""
    fabric, reader = Fabric(load_demo()), load_reader()

    def colors(made: Round) -> list[str]:
        return [reading.best("color") for reading in reader.read([i.image for i in made])]

    disliked, others = Counter[str](), Counter[str]()
    for prompt in prompts:
        plain = fabric(prompt, seed=100, **SETTINGS)
        shown = fabric(prompt, seed=900, **SETTINGS)
        before, donors = colors(plain), colors(shown)
        frequent = [color for color, _ in Counter(before).most_common() if color in donors]
        for color in frequent[:COLORS]:
            vote = shown[donors.index(color)]
            after = colors(fabric(prompt, seed=100, disliked=[vote], **SETTINGS))
            for other in frequent[:COLORS]:
                tally = disliked if other == color else others
                tally.update(before=before.count(other), after=after.count(other))
    assert disliked["before"] >= enough
    assert disliked["after"] < disliked["before"] / 2
    assert others["after"] > others["before"] / 2

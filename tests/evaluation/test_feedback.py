"""Does feedback work, with the model that ships? As `tastes` on the command line, in fewer steps.

Rounding decides some votes, so every kind of processor tells other stories. After three rounds of
votes the effect is large enough that ten tastes tell it from luck: resampled, their mean lies more
than two standard deviations above the bar. Three tastes alone would notice feedback that does not
work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget import Fabric, load_demo
from fabric_widget.cli.arguments import DEFAULT_TASTE
from fabric_widget.demo.reader import load_reader
from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.report.comparison import compare, summarize
from fabric_widget.evaluation.report.story_plan import Plan

if TYPE_CHECKING:
    from fabric_widget.engine import Round


class Thrifty(Fabric):
    """Makes each round without votes once: it depends on prompt and seed, which stories share."""

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        self._made: dict[tuple[str, int], Round] = {}

    def __call__(self, prompt: str = "", *, plan: Any = (), **arguments: Any) -> Round:
        if any(recipe.liked or recipe.disliked for recipe in plan):
            return super().__call__(prompt, plan=plan, **arguments)
        key = (prompt, arguments["seed"])
        if key not in self._made:
            self._made[key] = super().__call__(prompt, **arguments)
        return self._made[key]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tastes", "nearer", "surely"),
    [(3, 0.1, False), pytest.param(10, 0.2, True, marks=pytest.mark.soak)],
)
def test_feedback_comes_nearer_to_what_people_want(
    *, tastes: int, nearer: float, surely: bool
) -> None:
    plans = [
        Plan(taste=taste, rounds=4, arguments={"num_inference_steps": 5})
        for taste in sample_tastes(tastes)
    ]
    summary = summarize(list(compare(Thrifty(load_demo()), load_reader(), plans)))
    assert summary.nearer > nearer
    assert summary.low > 0 or not surely


def test_no_picture_of_the_demos_first_round_has_what_its_story_looks_for() -> None:
    plan = Plan(taste=Taste.parse(DEFAULT_TASTE))
    shown = Fabric(load_demo())(plan.prompt, num_images=plan.images, seed=plan.seed)
    readings = load_reader().read([picture.image for picture in shown])
    assert min(plan.taste.distance(reading) for reading in readings) > 0.1

"""Does feedback work, with the model that ships? As `tastes` on the command line, in fewer steps.

Rounding decides some votes, so every kind of processor tells other stories: with six tastes the
mean of some of them lies below the bar; twenty are enough to tell luck from effect.
"""

from __future__ import annotations

import pytest

from fabric_widget import Fabric, load_demo
from fabric_widget.cli.arguments import DEFAULT_TASTE
from fabric_widget.demo.reader import load_reader
from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.report.comparison import compare, summarize
from fabric_widget.evaluation.report.story_plan import Plan, plan_for_each


@pytest.mark.slow
def test_feedback_comes_nearer_to_what_people_want() -> None:
    plans = plan_for_each(sample_tastes(20), arguments={"num_inference_steps": 6})
    summary = summarize(list(compare(Fabric(load_demo()), load_reader(), plans)))
    assert summary.nearer > 0.2
    assert summary.low > 0


def test_no_picture_of_the_demos_first_round_has_what_its_story_looks_for() -> None:
    plan = Plan(taste=Taste.parse(DEFAULT_TASTE))
    shown = Fabric(load_demo())(plan.prompt, num_images=plan.images, seed=plan.seed)
    readings = load_reader().read([picture.image for picture in shown])
    assert min(plan.taste.distance(reading) for reading in readings) > 0.1

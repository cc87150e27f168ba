"""What a story may be about."""

from __future__ import annotations

import pytest

from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.report.story_plan import Plan, plan_for_each

TASTE = Taste.parse("green fish")


@pytest.mark.parametrize("setting", [{"rounds": 0}, {"rounds": 21}, {"images": 1}, {"images": 17}])
def test_numbers_out_of_range_are_refused(setting: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(setting))} is"):
        Plan(taste=TASTE, **setting)  # type: ignore[arg-type]  # the settings are numbers


def test_the_prompt_names_the_kind_unless_it_is_given() -> None:
    assert Plan(taste=TASTE).prompt == "a fish"
    assert Plan(taste=TASTE, prompt="a big fish").prompt == "a big fish"


def test_no_two_plans_share_a_seed() -> None:
    plans = plan_for_each(sample_tastes(5), rounds=2, images=3, seed=100)
    used = [seed for plan in plans for seed in range(plan.seed, plan.seed + 6)]
    assert used == list(range(100, 130))

"""What cannot be measured is refused, and the message says what can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fabric_widget.bench.plan import TARGETS, Plan

SD15 = TARGETS["sd15"]
SIZE = SD15.on_accelerator


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"target": TARGETS["sdxl"]}, "sdxl takes an accelerator"),
        ({"size": replace(SIZE, latent=20)}, "latents of side 20: give a multiple of 8"),
        ({"dtype": "float8"}, "give one of float32, float16, bfloat16"),
        ({"references": ()}, "give one number or more, each once"),
        ({"references": (1, 1)}, "give one number or more, each once"),
        ({"references": (-1,)}, "give numbers from 0 to 256"),
        ({"beside": ()}, "give any of budget, exact, published, explore, lens"),
        ({"beside": ("later",)}, "give any of budget, exact, published, explore, lens"),
        ({"references": (257,)}, "give numbers from 0 to 256"),
    ],
)
def test_what_cannot_be_measured(settings: dict[str, Any], complaint: str) -> None:
    given: dict[str, Any] = {"target": SD15, "size": SIZE} | settings
    with pytest.raises(ValueError, match=complaint):
        Plan(**given)


@pytest.mark.parametrize(("references", "sides"), [(0, (0, 0)), (1, (1, 0)), (5, (3, 2))])
def test_likes_and_dislikes(references: int, sides: tuple[int, int]) -> None:
    plan = Plan(target=SD15, size=SIZE)
    assert plan.sides(references) == (references, 0)
    assert replace(plan, disliked=True).sides(references) == sides


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_every_target_can_be_measured_by_default(target: Any) -> None:
    Plan(target=target, size=target.on_accelerator, device="cuda")
    if target.on_cpu:
        Plan(target=target, size=target.on_cpu)

"""What the bench's tests share: a tiny target, and one measurement of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.bench.measure import measure
from fabric_widget.bench.plan import TARGETS, Plan, Size
from fabric_widget.bench.targets import TargetPipeline
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from fabric_widget.bench.report import Finding

SIZE = Size(pictures=2, latent=tiny.SIDE // 2, steps=2, repeats=2)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def tiny_pipeline(plan: Plan) -> TargetPipeline:
    """Return a tiny pipeline in the place of the real one."""
    side = plan.size.latent * 2
    arguments: dict[str, Any] = {
        "height": side,
        "width": side,
        "num_inference_steps": plan.size.steps,
        "guidance_scale": plan.target.guidance,
    }
    return TargetPipeline(tiny.pipeline(), plan.size.pictures, arguments)


@pytest.fixture(scope="session")
def plan() -> Plan:
    return Plan(target=TARGETS["demo"], size=SIZE, references=(0, 2))


@pytest.fixture(scope="session")
def findings(plan: Plan) -> list[Finding]:
    """Return what one small measurement found."""
    torch.set_num_threads(1)
    return list(measure(plan, tiny_pipeline(plan), lambda *_: None))

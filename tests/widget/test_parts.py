"""Small parts: errors for people, what a pipeline is like, how fast a run is."""

from __future__ import annotations

import pytest
import torch

from fabric_widget.engine import Fabric, NoAttentionSites, PipelineBusy
from fabric_widget.widget.error_report import described, is_out_of_memory
from fabric_widget.widget.jobs.eta import Eta
from fabric_widget.widget.state.pipeline_info import PipelineInfo
from fabric_widget.widget.state.settings import RANGES, Controls, read_control
from fabric_widget.widget.state.status import Status
from fabric_widget.zoo import tiny
from tests.widget.fakes import Clock

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_memory_runs_out_on_every_device(error: BaseException) -> None:
    assert is_out_of_memory(error)
    told = described(error, pictures=4, width=512, height=640, batched=False)
    assert told["title"] == "Out of memory"
    assert "Pictures (now 4) or Width and Height (now 512 × 640)" in told["advice"]
    one = described(error, pictures=1, width=None, height=None, batched=True)
    assert "Pictures" not in one["advice"]
    assert "batch_size" not in one["advice"]


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), ValueError("out of memory")])
def test_other_errors_are_not_about_memory(error: BaseException) -> None:
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("error", [NoAttentionSites("x"), PipelineBusy("x")])
def test_our_own_errors_say_what_to_do(error: Exception) -> None:
    told = described(error, pictures=1, width=None, height=None, batched=False)
    assert told["title"] != type(error).__name__
    assert told["advice"].endswith(".")


def test_long_messages_are_cut_and_the_end_of_a_traceback_is_kept() -> None:
    told = described(
        ValueError("x" * 9000 + "end"), pictures=1, width=None, height=None, batched=False
    )
    assert len(told["message"]) == 600
    assert len(told["traceback"]) == 6000
    assert told["traceback"].endswith("end\n")


def test_a_pipeline_is_read_without_running() -> None:
    pipeline_info = PipelineInfo.of(Fabric(tiny.pipeline()))
    assert pipeline_info.title == "StableDiffusionPipeline"
    assert (pipeline_info.steps, pipeline_info.guidance) == (50, 7.5)
    assert pipeline_info.width == pipeline_info.height == 8 * 2
    info = pipeline_info.info(loaded=True, version="1")
    assert info["size_step"] == info["ranges"]["width"][2] == pipeline_info.size_step
    assert info["negative"]
    assert set(info["ranges"]) == set(RANGES)


def test_only_what_a_pipeline_takes_is_given_to_it() -> None:
    controls = Controls(steps=3, guidance=2.0, negative_prompt="rain")
    assert controls.pipeline_arguments({"num_inference_steps"}) == {"num_inference_steps": 3}
    assert Controls().pipeline_arguments(None) == {}


@pytest.mark.parametrize("name", RANGES)
def test_every_number_stays_in_its_range(name: str) -> None:
    least, greatest, step = RANGES[name]
    for value in (-(2.0**60), least, greatest, 2.0**60):
        moved, told = read_control(name, value, 24)
        assert least <= moved <= greatest
        assert bool(told) == (moved != value)
        if name in {"width", "height"}:
            assert moved % 24 == 0
    assert step > 0


def test_the_pace_is_measured_after_the_first_step() -> None:
    eta = Eta()
    assert eta.seconds_left(10) is None
    eta.note(1, 100.0)  # it took long: references were prepared
    assert eta.rate(4, 10) is None
    eta.note(3, 101.0)
    assert eta.seconds_left(10) == 3.5
    assert eta.rate(4, 10) == 0.8


def test_a_withheld_status_is_told_with_the_next() -> None:
    clock = Clock()
    status = Status(clock)
    first = status.next_status(urgent=False, step=1)
    assert first is not None
    assert status.next_status(urgent=False, message="x") is None
    clock.now += 0.1
    second = status.next_status(urgent=False, step=3)
    assert second is not None
    assert (second["step"], second["message"]) == (3, "x")
    assert second["revision"] == first["revision"] + 1

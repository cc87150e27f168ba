"""The peak is seen, and forgotten when it is to be."""

from __future__ import annotations

import sys

import pytest
import torch

from fabric_widget.peak_memory import PeakMemory

MEBIBYTE = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
def test_a_peak_that_is_over() -> None:
    memory = PeakMemory(torch.device("cpu"))
    before = memory.free_unused()
    memory.reset_peak()
    torch.ones(64 * MEBIBYTE, dtype=torch.uint8)
    peak = memory.peak
    assert peak is not None
    assert before is not None
    assert peak - before == pytest.approx(64 * MEBIBYTE, rel=0.1)
    memory.free_unused()
    memory.reset_peak()
    assert memory.peak is not None
    assert memory.peak - before < 16 * MEBIBYTE


def test_a_system_that_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("_STATUS", "_CLEAR"):
        monkeypatch.setattr(f"fabric_widget.peak_memory.{name}", tmp_path)
    memory = PeakMemory(torch.device("cpu"))
    assert memory.free_unused() is None
    memory.reset_peak()
    assert memory.peak is None

"""The checks can fail: each is shown something that is not so."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.__main__ import main
from fabric_widget.cli.arguments.gpu import GROUPS
from fabric_widget.engine.attention import kernels as engine_kernels
from fabric_widget.gpu.bare import engine_without_pipelines
from fabric_widget.gpu.checks import every_check, kernels, memory
from fabric_widget.gpu.place import Place
from fabric_widget.gpu.run import asked

if TYPE_CHECKING:
    from pathlib import Path

CPU = Place(torch.device("cpu"))
GPU = Place(torch.device("cuda"))  # nothing is asked of it here


def test_every_group_has_checks_and_every_check_its_own_name() -> None:
    for place in (CPU, GPU, Place(GPU.device, smoke=True)):
        checks = every_check(place)
        names = [check.full_name for check in checks]
        assert len(set(names)) == len(names)
        assert {check.group for check in checks} == set(GROUPS)
        assert all(check.asked for check in checks)


def test_a_smoke_run_is_shorter_than_a_minute_by_its_own_account() -> None:
    seconds = [check.seconds for check in every_check(Place(GPU.device, smoke=True))]
    assert sum(seconds) < sum(check.seconds for check in every_check(GPU)) / 4


def test_every_family_is_asked_in_both_half_precisions() -> None:
    laws = [check.name for check in every_check(GPU) if check.group == "laws"]
    assert {"Stable Cascade, float16", "SD 1, bfloat16", "Flux, float16"} <= set(laws)
    assert len(laws) % 2 == 0


@pytest.mark.parametrize("off", [1.01, float("nan")])
def test_a_kernel_that_is_off_fails(off: float) -> None:
    def kernel(*args: Any) -> tuple[torch.Tensor, torch.Tensor]:
        out, lse = engine_kernels.on_cpu(*args)
        return out * off, lse

    def shifted(*args: Any) -> tuple[torch.Tensor, torch.Tensor]:
        out, lse = engine_kernels.on_cpu(*args)
        return out, lse * off

    for bad in (kernel, shifted):
        assert not kernels._gate(CPU, kernel=bad, dtype=torch.float32, d=40).passed
    assert kernels._gate(CPU, kernel=engine_kernels.on_cpu, dtype=torch.float32, d=40).passed


def test_a_pipeline_that_does_not_recover_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory._recovery(CPU).passed
    cache = "fabric_widget.engine.references.cache.ReferenceCache.clear"
    monkeypatch.setattr(cache, lambda _: None)
    assert not memory._recovery(CPU).passed


def test_other_pictures_from_host_memory_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    host = "fabric_widget.engine.references.host_cache.HostCache._back"
    monkeypatch.setattr(host, lambda _, tensor: tensor + 1)
    assert not memory._overflow(CPU).passed


def test_the_command_writes_and_says_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["gpu", "--dry", "--only", "kernels", "--out", str(tmp_path)]
    assert main(options) == 0
    captured = capsys.readouterr()
    assert str(tmp_path / "gpu.html") in captured.out
    document = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert document["complete"]
    assert document["dry"]
    assert len(captured.err.splitlines()) == len(document["checks"])
    assert main([*options, "--continue", "--json"]) == 0  # everything is known
    captured = capsys.readouterr()
    assert not captured.err
    assert json.loads(captured.out)["checks"] == document["checks"]


def test_a_limit_that_is_too_short_runs_nothing(tmp_path: Path) -> None:
    options = ["--only", "shapes", "--limit", "1", "--quiet"]
    assert main(["gpu", "--dry", *options, "--out", str(tmp_path)]) == 0
    document = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert {row["status"] for row in document["checks"]} == {"not run"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_names_the_dry_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gpu", "--out", str(tmp_path)]) == 2
    assert "give --dry" in capsys.readouterr().err


def test_a_group_that_cannot_be_imported_is_skipped_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fabric_widget.gpu.checks.placement", None)
    (check,) = [check for check in every_check(CPU) if check.group == "placement"]
    answer = asked(check, CPU)
    assert answer.status == "skip"
    assert "placement" in answer.reason


def test_kernels_are_asked_without_diffusers(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = tuple(f"fabric_widget.{room}" for room in ("bench", "demo", "engine", "zoo"))
    for name in [*sys.modules]:
        if name.startswith((*rooms, "fabric_widget.gpu.checks", "diffusers")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "diffusers", None)
    engine_without_pipelines()
    checks = every_check(CPU)
    statuses = {
        check.group: asked(check, CPU).status
        for check in checks
        if check.group != "kernels" or "40" in check.name
    }
    assert statuses.pop("kernels") == "pass"
    assert set(statuses.values()) == {"skip"}


@pytest.mark.soak
def test_the_whole_of_a_dry_run(tmp_path: Path) -> None:
    assert main(["gpu", "--dry", "--quiet", "--out", str(tmp_path)]) == 0

"""The command that measures: what it prints, writes and refuses, on a tiny pipeline."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.__main__ import main
from fabric_widget.bench import bench, loading
from fabric_widget.bench.plan import BESIDE, TARGETS, Size
from fabric_widget.cli.bench.plan import plan_target, target_names
from tests.bench.conftest import tiny_pipeline

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ["--latent", "8", "--batch", "1", "--steps", "1", "--repeats", "1", "--threads", "1"]
FEW = ["--references", "0", "1"]


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure a tiny pipeline instead of any target, and imports that take no time."""
    monkeypatch.setattr(bench, "build", tiny_pipeline)
    monkeypatch.setattr(loading, "_seconds", lambda _: 0.5)


def test_a_table_a_document_and_a_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    assert main(["bench", "demo", "loading", *SMALL, *FEW, "--out", str(out)]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[-2:] == [str(out / "bench.json"), str(out / "bench-demo.svg")]
    figures = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    assert figures["complete"]
    assert figures["machine"]["threads"] == 1
    assert lines[0].startswith(figures["machine"]["measured_on"])
    assert figures["machine"]["measured_on"].endswith(", 1 thread")
    assert {"torch", "diffusers"} <= set(figures["machine"]["versions"])
    (target,) = figures["targets"]
    head = next(i for i, line in enumerate(lines) if line.startswith("references"))
    table = takewhile(bool, lines[head + 2 :])
    rows = [re.split(r"\s{2,}", line.strip()) for line in table if not line.startswith("-")]
    ways = [row["method"] + (row["mode"] and f", {row['mode']}") for row in target["rows"]][:6]
    assert ways[0] == "plain"
    assert len(set(ways)) == 6
    assert [tuple(row[:2]) for row in rows] == [(n, way) for n in "01" for way in ways]
    for row, found in zip(rows, target["rows"], strict=True):
        assert f"{found['ratio']['median']:.2f}" in row
        assert f"{found['flop_ratio']:.2f}" in row
    assert "import fabric_widget" in captured.out
    assert (out / "bench-demo.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "100%" in captured.err


def test_json_is_one_line_and_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--out", str(tmp_path), "--json", "--quiet"]
    assert main(["bench", "sd15", *SMALL, "--references", "2", "--disliked", *options]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    assert captured.out.count("\n") == 1
    printed = json.loads(captured.out)
    assert printed.pop("files") == [str(tmp_path / x) for x in ("bench.json", "bench-sd15.svg")]
    assert printed == json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert printed["loading"] == []
    for row in printed["targets"][0]["rows"]:
        assert (row["liked"], row["disliked"]) == (1, 1)


@pytest.mark.parametrize("rounds", [2, 6, 20])
def test_an_interrupt_keeps_what_was_measured(
    rounds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def interrupted(plan: Any) -> Any:
        scene = tiny_pipeline(plan)
        play = scene.pipe.unet.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            if len(made) == rounds:
                raise KeyboardInterrupt
            made.append(1)
            return play(*args, **kwargs)

        scene.pipe.unet.forward = forward
        return scene

    monkeypatch.setattr(bench, "build", interrupted)
    assert main(["bench", "demo", *SMALL, *FEW, "--out", str(tmp_path)]) == 130
    captured = capsys.readouterr()
    assert captured.err.endswith("interrupted: kept what was measured\n")
    figures = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert not figures["complete"]
    rows = figures["targets"][0]["rows"]
    assert rows
    timed = any(row["ratio"] for row in rows)
    assert timed is (tmp_path / "bench-demo.svg").exists() is (rounds == 20)


def test_an_interrupt_before_anything_was_measured_leaves_older_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "build", interrupted)
    assert main(["bench", "demo", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("interrupted: nothing was measured\n")
    assert not list(tmp_path.iterdir())


def test_what_the_machine_takes_is_measured_by_default() -> None:
    def names(*options: str, device: str) -> list[str]:
        return target_names(command_line(*options), device)

    assert names(device="cpu") == ["demo", "sd15", "loading"]
    assert names(device="cuda") == ["demo", "sd15", "sdxl", "loading"]
    assert names("--quick", device="cuda") == ["demo", "loading"]
    assert names("loading", "demo", "demo", device="cpu") == ["loading", "demo"]


def command_line(*options: str) -> Any:
    from fabric_widget.cli.arguments import build_parser

    return build_parser().parse_args(["bench", *options])


def test_options_reach_the_plan() -> None:
    given = command_line(*SMALL, *FEW, "--cache", "3", "--offload", "--dtype", "bfloat16")
    plan = plan_target(given, "sd15", "cpu")
    assert plan.size == Size(latent=8, pictures=1, steps=1, repeats=1)
    assert plan.references == (0, 1)
    assert plan.cache_bytes == 3 * 2**20
    assert plan.offload
    assert plan.dtype == "bfloat16"
    assert (plan.beside, plan.usual) == (BESIDE, False)
    few = plan_target(command_line("--beside", "exact", "published", "--usual"), "demo", "cpu")
    assert (few.beside, few.usual) == (("exact", "published"), True)
    plain = plan_target(command_line(), "sd15", "cuda")
    assert plain.size == TARGETS["sd15"].on_accelerator
    assert plain.dtype == "float16"
    quick = plan_target(command_line("--quick", "--steps", "3"), "demo", "cpu")
    assert (quick.size.steps, quick.size.repeats, quick.references) == (3, 2, (0, 1, 4))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            ["sd35"],
            "there is no target 'sd35'; there are demo, sd15, sdxl, sd35-medium, sd35-large",
        ),
        (["sdxl", "--device", "cpu"], "sdxl takes an accelerator"),
        (["demo", "--latent", "9"], "latents of side 9: give a multiple of 2"),
        (["demo", "--references", "1", "1"], "give one number or more, each once"),
        (["demo", "--device", "tpu"], "device is 'tpu': give cpu, cuda or cuda:N"),
        (["demo", "--device", "mps"], "device is 'mps': give cpu, cuda or cuda:N"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_made(
    options: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "build", None)
    assert main(["bench", *options]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--references", "300"], "'300' is not a whole number from 0 to 256"),
        (["--repeats", "0"], "'0' is not a whole number from 1"),
        (["--batch", "65"], "'65' is not a whole number from 1 to 64"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
        (["--out", f"{__file__}/out"], "is a file"),
    ],
)
def test_bad_values_are_refused(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["bench", *options])
    assert exit_.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_device_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert main(["bench", "demo", "--device", "cuda:1"]) == 2
    assert "torch sees 1 CUDA devices, not 'cuda:1'" in capsys.readouterr().err

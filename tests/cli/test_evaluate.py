"""The command evaluate: what it prints, keeps and refuses, and that a kill loses nothing."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.__main__ import main
from fabric_widget.evaluation.study import in_process
from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.trial import run_trial
from tests.evaluation.study.conftest import PaintedResources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = ["--limit", "2", "--rounds", "2", "--images", "2", "--threads", "1"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Paint instead of running the pipeline; return the trials that are run."""
    found: list[tuple[int, str]] = []

    def noting(resources: Any, case: Any, method: str, *others: Any) -> dict[str, Any]:
        found.append((case.index, method))
        return run_trial(resources, case, method, *others)

    monkeypatch.setattr(Resources, "load", PaintedResources)
    monkeypatch.setattr(in_process, "run_trial", noting)
    return found


def evaluate(out: Path, *options: str) -> int:
    return main(["evaluate", *SMALL, "--quiet", "--out", str(out), *options])


def results(out: Path) -> dict[str, Any]:
    """Return every trial's record without what it cost."""
    found = {}
    for path in sorted((out / "trials").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        del record["costs"]
        found[path.name] = record
    return found


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize("protocol", ["preference", "target"])
def test_it_writes_everything_and_prints_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], protocol: str
) -> None:
    assert evaluate(tmp_path, "--protocol", protocol) == 0
    printed = capsys.readouterr().out
    assert f"{protocol}: 2 prompts, 2 rounds of 2 pictures" in printed
    assert "ours − none" in printed
    assert "ours − paper-0.8" in printed
    for name in ("results.jsonl", "results.parquet", "summary.json", "report.html"):
        assert (tmp_path / name).stat().st_size > 500
        assert str(tmp_path / name) in printed
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 * 3 * 2


@pytest.mark.usefixtures("ran")
def test_json_is_one_line_with_the_figures_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tmp_path) == 0
    table = capsys.readouterr().out
    assert evaluate(tmp_path, "--json") == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    figures = json.loads(printed)
    assert figures["prompts"] == 2
    assert figures["settings"]["arguments"] == {"num_inference_steps": 10}
    for measures in figures["methods"].values():
        assert f"{measures['taste.mean'][1]['mean']:.3f}" in table


@pytest.mark.usefixtures("ran")
def test_the_voter_reports_only_if_asked_and_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tmp_path / "a", "--protocol", "target") == 0
    unasked = capsys.readouterr().out
    assert "colour votes" in unasked
    assert "effect on colour" not in unasked
    assert evaluate(tmp_path / "b", "--protocol", "target", "--scorers", "colour,reader") == 0
    asked = capsys.readouterr().out
    assert "colour (votes itself)" in asked
    assert "reader (votes itself)" not in asked


def test_a_second_run_does_only_the_rest(tmp_path: Path, ran: list[tuple[int, str]]) -> None:
    assert evaluate(tmp_path, "--methods", "none,ours") == 0
    assert ran == [(0, "none"), (0, "ours"), (1, "none"), (1, "ours")]
    ran.clear()
    assert evaluate(tmp_path, "--methods", "none,ours") == 0
    assert ran == []
    assert evaluate(tmp_path, "--methods", "none,paper-0.1,ours", "--limit", "3") == 0
    assert ran == [
        *((index, "paper-0.1") for index in (0, 1)),
        *((2, method) for method in ("none", "paper-0.1", "ours")),
    ]


def test_the_default_folder_is_named_by_the_configuration(
    tmp_path: Path, ran: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in ("0", "1", "0"):
        assert main(["evaluate", *SMALL, "--quiet", "--methods", "none", "--seed", seed]) == 0
    assert len(ran) == 4
    assert len(list((tmp_path / "out" / "evaluate").iterdir())) == 2


def test_another_configuration_is_not_mixed_in(
    tmp_path: Path, ran: list[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tmp_path) == 0
    before = results(tmp_path)
    ran.clear()
    assert evaluate(tmp_path, "--seed", "3", "--person", "noisy") == 2
    message = capsys.readouterr().err
    assert "seed (0 there, 3 now)" in message
    assert 'person ("" there, "noisy" now)' in message
    assert ran == []
    assert results(tmp_path) == before


def test_an_interrupt_keeps_what_is_done(
    tmp_path: Path,
    ran: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    noting: Callable[..., dict[str, Any]] = vars(in_process)["run_trial"]

    def interrupted(*given: Any) -> dict[str, Any]:
        if len(ran) == 4:
            raise KeyboardInterrupt
        return noting(*given)

    monkeypatch.setattr(in_process, "run_trial", interrupted)
    assert evaluate(tmp_path) == 130
    printed = capsys.readouterr()
    assert "interrupted: 4 of 6 trials are kept" in printed.err
    assert "1 prompts" in printed.out
    monkeypatch.setattr(in_process, "run_trial", noting)
    assert evaluate(tmp_path) == 0
    assert len(ran) == 6


def test_an_interrupt_before_anything_is_done_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Resources, "load", interrupted)
    assert evaluate(tmp_path) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_full_disk_is_told_and_loses_nothing(
    tmp_path: Path,
    ran: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fsync = os.fsync

    def full(handle: int) -> None:
        if len(ran) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert evaluate(tmp_path) == 1
    message = capsys.readouterr().err
    assert "no room for" in message
    assert "make some and run the same again" in message
    kept = results(tmp_path)
    assert len(kept) == 2
    assert evaluate(tmp_path) == 0
    assert ran[3:] == [(0, "ours"), (1, "none"), (1, "paper-0.8"), (1, "ours")]
    assert kept.items() <= results(tmp_path).items()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--scorers", "taste,beauty"], "there is no scorer 'beauty'"),
        (["--voter", "beauty"], "pickscore, hpsv2, imagereward"),
        (
            ["--methods", "none,magic"],
            "no method 'magic'; there are none, ours, everything, renoised",
        ),
        (["--person", "moody"], "no habit 'moody'"),
        (["--wish", "furry"], "'furry' says nothing"),
        (["--person", "fickle", "--voter", "luminance"], "luminance has none"),
        (["--protocol", "target", "--voter", "taste"], "give a voter that has features"),
        (["--voter", "colour"], "colour prefers no picture to another"),
        (["--pipeline", "elsewhere"], "needs a file of prompts: give --prompts FILE"),
    ],
)
@pytest.mark.usefixtures("ran")
def test_what_cannot_be_done_is_refused_with_what_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
) -> None:
    assert evaluate(tmp_path / "out", *options) == 2
    assert complaint in capsys.readouterr().err


def test_an_empty_prompts_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\n", encoding="utf-8")
    assert evaluate(tmp_path / "out", "--prompts", str(path)) == 2
    assert "has no prompts: give one a line" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate(tmp_path / "out", "--prompts", str(tmp_path / "gone.txt"))
    assert "there is no file" in capsys.readouterr().err


def test_missing_weights_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(tmp_path, "--features", "dinov2") == 1
    message = capsys.readouterr().err
    assert "facebook/dinov2-base" in message
    assert "Traceback" not in message


@pytest.mark.usefixtures("ran")
def test_what_goes_wrong_on_the_way_is_told_and_what_is_done_is_kept(
    tmp_path: Path, ran: list[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("a fish\na cat\n", encoding="utf-8")
    options = ["--prompts", str(path), "--voter", "reader", "--scorers", "luminance"]
    assert evaluate(tmp_path / "out", *options, "--methods", "none") == 1
    message = capsys.readouterr().err
    assert "'cat' says nothing about the subject" in message
    assert "1 trials are kept" in message
    assert ran == [(0, "none"), (1, "none")]
    assert evaluate(tmp_path / "none", "--prompts", str(path)) == 2
    assert "nothing of what is wanted in 'a fish': give --wish" in capsys.readouterr().err


def test_people_of_all_kinds_can_vote(tmp_path: Path) -> None:
    for habits in ("noisy=0.5", "likes-only", "dislikes-only", "graded", "fickle,noisy"):
        options = ["--person", habits, "--methods", "ours", "--steps", "2"]
        assert evaluate(tmp_path / habits, *options) == 0


def trials_until_killed(out: Path, updates: int) -> None:
    """Run the real command and kill it after so many updates of its bar."""
    options = [*SMALL, "--steps", "2", "--out", str(out)]
    process = subprocess.Popen(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "fabric_widget", "evaluate", *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr is not None
    with process, process.stderr as bar:
        while updates and (character := bar.read(1)):
            updates -= character == b"%"
        process.kill()


@pytest.mark.soak
def test_a_run_that_is_killed_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    for updates in range(1, 12, 2):
        trials_until_killed(tmp_path / "killed", updates)
    assert evaluate(tmp_path / "killed", "--steps", "2") == 0
    assert evaluate(tmp_path / "whole", "--steps", "2") == 0
    assert results(tmp_path / "killed") == results(tmp_path / "whole")


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = random.SystemRandom().randint(2, 9)
    trials_until_killed(tmp_path / "killed", updates)
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "killed" / "trials").glob("0*.json")}
    ran = []

    def noting(resources: Any, case: Any, method: str, *others: Any) -> dict[str, Any]:
        ran.append(f"{case.index:06d}-{method}.json")
        return run_trial(resources, case, method, *others)

    monkeypatch.setattr(in_process, "run_trial", noting)
    assert evaluate(tmp_path / "killed", "--steps", "2") == 0
    assert sorted([*ran, *(path.name for path in kept)]) == sorted(results(tmp_path / "killed"))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert evaluate(tmp_path / "whole", "--steps", "2") == 0
    assert results(tmp_path / "killed") == results(tmp_path / "whole"), f"{updates} updates"

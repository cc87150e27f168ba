"""The command line: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fabric_widget.__main__ import main
from fabric_widget.cli import demo, model, tastes
from fabric_widget.cli.table import aligned
from tests.evaluation.painting import Knower, Painter

if TYPE_CHECKING:
    from pathlib import Path


class Interrupting(Painter):
    """Paints some grids, then the person presses Ctrl-C."""

    def __init__(self, grids: int) -> None:
        super().__init__()
        self.grids = grids

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(self.requests) == self.grids:
            raise KeyboardInterrupt
        return super().__call__(*args, **kwargs)


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """Let the commands paint instead of load the model."""
    return use(Painter(), monkeypatch)


def use(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> Painter:
    for command in (demo, tastes):
        monkeypatch.setattr(command, "load_model", lambda: (painter, Knower()))
    return painter


@pytest.mark.usefixtures("painter")
def test_the_demo_writes_a_sheet_and_a_page_and_prints_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["demo", "--out", str(out)]) == 0
    with Image.open(out / "demo.png") as sheet:
        assert sheet.width > 1000
    assert (out / "demo.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [str(out / "demo.png"), str(out / "demo.html")]
    head = next(i for i, line in enumerate(lines) if "diversity" in line)
    rows = [line.split() for line in lines[head + 2 : head + 8]]
    assert [row[:2] for row in rows] == [[n, s] for n in "123" for s in ("with", "without")]
    assert all(len(line) == len(lines[head]) for line in lines[head : head + 8])


@pytest.mark.usefixtures("painter")
def test_json_has_the_figures_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["demo", "--out", str(tmp_path), "--seed", "3"]
    assert main(common) == 0
    table = capsys.readouterr().out
    assert main([*common, "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    figures = json.loads(printed)
    for chapter in figures["rounds"]:
        for side in ("with_feedback", "without_feedback"):
            for name in ("distance_mean", "distance_best", "diversity", "saturation"):
                assert f"{chapter[side][name]:.3f}" in table
    assert figures["files"] == [str(tmp_path / "demo.png"), str(tmp_path / "demo.html")]
    assert figures["complete"]


def test_the_demo_with_the_model_that_ships(tmp_path: Path) -> None:
    options = ["--rounds", "2", "--steps", "4", "--json", "--quiet", "--out", str(tmp_path)]
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "fabric_widget", "demo", *options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1])["complete"]
    assert not done.stderr
    for name in ("demo.png", "demo.html"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_options_reach_the_pipeline(painter: Painter, tmp_path: Path) -> None:
    options = [
        "--rounds",
        "2",
        "--images",
        "3",
        "--seed",
        "9",
        "--steps",
        "7",
        "--guidance",
        "2.5",
        "--prompt",
    ]
    taste = ["--taste", "blue fish"]
    assert main(["demo", *taste, *options, "a big fish", "--out", str(tmp_path), "--quiet"]) == 0
    assert [request["seed"] for request in painter.requests] == [9, 12, 12]
    for request in painter.requests:
        assert request["prompt"] == "a big fish"
        assert request["num_images"] == 3
        assert request["num_inference_steps"] == 7
        assert request["guidance_scale"] == 2.5


def test_what_is_not_given_is_left_to_the_model(painter: Painter, tmp_path: Path) -> None:
    assert main(["demo", "--rounds", "1", "--out", str(tmp_path)]) == 0
    assert "num_inference_steps" not in painter.requests[0]
    assert "guidance_scale" not in painter.requests[0]
    assert painter.requests[0]["prompt"] == "a monster"


@pytest.mark.usefixtures("painter")
@pytest.mark.parametrize(("options", "shown"), [([], True), (["--quiet"], False)])
def test_progress_is_shown_on_stderr_unless_quiet(
    options: list[str],
    shown: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "--out", str(tmp_path), *options]) == 0
    printed = capsys.readouterr()
    assert bool(printed.err) is shown
    assert ("round 3 of 3, without feedback" in printed.err) is shown
    assert ("100%" in printed.err) is shown
    assert "\r" not in printed.out


@pytest.mark.parametrize(("grids", "kept"), [(0, 0), (2, 1), (3, 2)])
def test_an_interrupt_keeps_what_is_done(
    grids: int,
    kept: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(Interrupting(grids), monkeypatch)
    assert main(["demo", "--out", str(tmp_path), "--json"]) == 130
    printed = capsys.readouterr()
    figures = json.loads(printed.out)
    assert len(figures["rounds"]) == kept
    assert not figures["complete"]
    assert "interrupted" in printed.err
    assert (tmp_path / "demo.png").exists() is (kept > 0)
    assert (tmp_path / "demo.html").exists() is (kept > 0)


def test_an_interrupt_while_the_model_loads_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "load_model", interrupted)
    assert main(["demo", "--out", str(tmp_path)]) == 130
    assert "no round was finished" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--rounds", "0"], "'0' is not a whole number from 1 to 20"),
        (["--rounds", "21"], "'21' is not a whole number from 1 to 20"),
        (["--images", "1"], "'1' is not a whole number from 2 to 16"),
        (["--images", "2.5"], "'2.5' is not a whole number from 2 to 16"),
        (["--seed", "-1"], "'-1' is not a whole number from 0"),
        (["--steps", "0"], "'0' is not a whole number from 1"),
        (["--guidance", "nan"], "'nan' is not a number of 0 or more"),
        (["--guidance", "-1"], "'-1' is not a number of 0 or more"),
        (["--taste", "furry monster"], "'furry' says nothing"),
        (["--taste", ""], "wants nothing; name some of"),
        (["--out", f"{__file__}/out"], "is a file"),
        (["--colour"], "unrecognized arguments"),
    ],
)
def test_bad_values_are_refused_before_anything_is_loaded(
    options: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "load_model", None)
    with pytest.raises(SystemExit) as exit_:
        main(["demo", *options])
    assert exit_.value.code == 2
    assert complaint in capsys.readouterr().err


def test_unknown_taste_words_get_the_allowed_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--taste", "furry monster"])
    complaint = capsys.readouterr().err
    for word in ("green", "spiky", "happy", "fish"):
        assert word in complaint


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)  # root may write anywhere
    with pytest.raises(SystemExit):
        main(["demo", "--out", str(tmp_path / "out")])
    assert "no permission" in capsys.readouterr().err


@pytest.mark.usefixtures("painter")
def test_a_disk_that_is_full_is_reported_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    assert main(["demo", "--rounds", "1", "--out", str(tmp_path)]) == 1
    assert "demo: error:" in capsys.readouterr().err


@pytest.mark.usefixtures("painter")
def test_tastes_prints_every_taste_their_mean_and_an_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tastes", "--count", "4", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("a ", "an ")) for line in lines) == 4
    assert any(line.startswith("mean of 4") for line in lines)
    assert "95% interval" in lines[-1]


@pytest.mark.usefixtures("painter")
def test_tastes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tastes", "--count", "3", "--rounds", "2", "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    figures = json.loads(printed)
    assert len(figures["tastes"]) == 3
    assert figures["low"] <= figures["nearer"] <= figures["high"]


def test_interrupted_tastes_report_what_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Interrupting(7), monkeypatch)  # five grids a taste: in the second
    assert main(["tastes", "--count", "3", "--json"]) == 130
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["tastes"]) == 1
    assert "1 of 3 tastes" in printed.err


def test_columns_are_aligned() -> None:
    table = aligned(("name", "n"), [("a", "10"), (), ("long name", "7")], texts=(0,))
    assert table.splitlines() == [
        "name        n",
        "---------  --",
        "a          10",
        "---------  --",
        "long name   7",
    ]


def test_attributes_that_tastes_cannot_be_about_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["tastes", "--about", "color,fur"])
    assert exit_.value.code == 2
    assert "name two or more of: color, shape" in capsys.readouterr().err


def test_more_tastes_than_there_are_is_an_error_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tastes", "--about", "size,mood", "--count", "100"]) == 2
    assert "found 18 different tastes about size, mood, not 100" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [[], ["bench"], ["demo"], ["tastes"], ["evaluate"], ["pipelines"], ["train-demo"]],
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys\n"
        "from fabric_widget.__main__ import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    heavy = {'torch', 'diffusers', 'transformers', 'numpy', 'PIL'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: python -m fabric_widget" in done.stdout
    assert not done.stderr

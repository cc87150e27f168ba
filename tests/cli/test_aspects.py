"""The command that measures aspects: what it prints, writes, keeps and refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from fabric_widget import Fabric
from fabric_widget.__main__ import main
from fabric_widget.engine import AspectTable
from fabric_widget.evaluation.study import resources
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import unreachable

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ["--steps", "1", "--references", "2", "--images", "1"]
CELLS = [("64 tokens", "all"), ("16 tokens", "all")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Measure a tiny pipeline, and keep what was measured in a folder of the test."""
    monkeypatch.setattr(resources, "load_pipeline", lambda *_: tiny.pipeline())
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_table_a_document_a_chart_and_weights_that_are_kept(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    assert main(["aspects", *QUICK, "--out", str(out)]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("the demo model: 7 attention layers; 2 references, 1 picture beside")
    assert lines[-2:] == [str(out / "aspects.json"), str(out / "aspects.svg")]
    figures = json.loads((out / "aspects.json").read_text(encoding="utf-8"))
    assert figures["complete"]
    assert [(cell["group"], cell["part"]) for cell in figures["cells"]] == CELLS
    for cell in figures["cells"]:
        assert f"{cell['color']['value']:z.2f}".replace("-", "−") in captured.out
        assert cell["contrast"]["low"] <= cell["contrast"]["high"]
    assert [(row["aspect"], row["by"]) for row in figures["aspects"]] == [
        ("colors", "default"),
        ("form", "default"),
    ]
    assert figures["table"] == {"colors": None, "form": None}
    assert "colors: 64 tokens; all steps (the default)" in lines
    svg = ET.fromstring((out / "aspects.svg").read_text(encoding="utf-8"))  # noqa: S314  (our own)
    assert "64 tokens, all steps: color" in "".join(svg.itertext())
    (kept,) = home.rglob("*.json")
    assert f"Kept in {kept}." in lines
    assert 'To use it: Fabric(pipe, aspects="measured")' in lines
    assert Fabric(tiny.pipeline(), aspects="measured").aspects == AspectTable()
    assert "100%" in captured.err


def test_json_is_one_line_and_the_document_also_where_nothing_can_be_kept(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("a file in the place of the folder", encoding="utf-8")
    options = ["--out", str(tmp_path), "--json", "--quiet", "--prompt", "a cat", "a dog"]
    assert main(["aspects", "some/pipeline", *QUICK, *options]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert captured.err.startswith("the weights are not kept: ")
    assert captured.err.count("\n") == 1
    printed = json.loads(captured.out)
    assert printed.pop("files") == [str(tmp_path / f"aspects.{end}") for end in ("json", "svg")]
    assert printed.pop("kept") is None
    assert printed == json.loads((tmp_path / "aspects.json").read_text(encoding="utf-8"))
    assert printed["pipeline"] == "some/pipeline"
    assert printed["settings"]["prompts"] == ["a cat", "a dog"]


@pytest.mark.parametrize("calls", [3, 7])
def test_an_interrupt_shows_what_was_measured_and_keeps_nothing(
    calls: int,
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def interrupted(*_: Any) -> Any:
        pipe = tiny.pipeline()
        forward = pipe.vae.decode

        def decode(*args: Any, **kwargs: Any) -> Any:
            made.append(1)
            if len(made) == calls:
                raise KeyboardInterrupt
            return forward(*args, **kwargs)

        pipe.vae.decode = decode
        return pipe

    monkeypatch.setattr(resources, "load_pipeline", interrupted)
    assert main(["aspects", *QUICK, "--out", str(tmp_path / "out"), "--quiet"]) == 130
    captured = capsys.readouterr()
    assert not home.exists()
    if calls == 3:
        assert captured.err == "interrupted: no reference was finished\n"
        assert not (tmp_path / "out").exists()
    else:
        assert captured.err == "interrupted: showed 1 of 2 references, kept no weights\n"
        figures = json.loads((tmp_path / "out" / "aspects.json").read_text(encoding="utf-8"))
        assert not figures["complete"]
        assert figures["table"] is None
        assert "Kept in" not in captured.out


def test_a_pipeline_that_takes_no_feedback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "load_pipeline", lambda *_: unreachable(ZOO["SD 1"].build()))
    assert main(["aspects", "sd", *QUICK, "--quiet"]) == 1
    assert "has no self-attention that Fabric can reach" in capsys.readouterr().err


def test_a_pipeline_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    assert main(["aspects", str(tmp_path), *QUICK, "--quiet"]) == 1
    assert "model_index.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--references", "1"], "'1' is not a whole number from 2 to 1000"),
        (["--images", "65"], "'65' is not a whole number from 1 to 64"),
        (["--steps", "no"], "'no' is not a whole number"),
        (["--seed", "-1"], "'-1' is not a whole number from 0"),
        (["--out", f"{__file__}/out"], "is a file"),
    ],
)
def test_bad_values_are_refused(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["aspects", *options])
    assert exit_.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--prompt", " "], "prompts are [' ']: give one or more, none of them empty"),
        (["--device", "tpu"], "device is 'tpu': give cpu, cuda or cuda:N"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_loaded(
    options: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resources, "load_pipeline", None)
    assert main(["aspects", *options]) == 2
    assert complaint in capsys.readouterr().err

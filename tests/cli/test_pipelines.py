"""The command that tries every family, and the document that shows what it found."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import fabric_widget
from fabric_widget.__main__ import main
from fabric_widget.cli import pipelines
from fabric_widget.demo import MODEL
from fabric_widget.engine.compatibility import Compatibility
from fabric_widget.zoo import ZOO
from tests.engine.families import called, one_of_each_kind, survey

DOCUMENT = Path(fabric_widget.__file__).parents[1] / "docs" / "pipelines.md"
MADE = re.compile(r"<!-- python -m fabric_widget (.*) -->\n(.*?)\n<!-- end -->", re.DOTALL)
TRUTHS = ("identity", "effect", "restored", "works")


def printed(capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> Any:
    """Return what the command prints as JSON."""
    assert main(["pipelines", *options, "--json"]) == code
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert not captured.err
    return json.loads(captured.out)


def document() -> tuple[list[str], list[str]]:
    """Return the command that the document tells of, and the lines it shows."""
    ((command, shown),) = MADE.findall(DOCUMENT.read_text(encoding="utf-8"))
    return command.split(), shown.strip().splitlines()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # what diffusers' own pipelines say
@pytest.mark.parametrize("name", one_of_each_kind())
def test_the_document_shows_what_the_command_prints(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each family alone: its survey serves other tests too."""
    family = ZOO[name]
    monkeypatch.setattr(pipelines, "_check", lambda *_, **__: survey(name))
    command, shown = document()
    assert main([*command, name]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    summary, *printed = captured.out.splitlines()
    assert summary == f"{int(family.able)} of 1 take feedback."
    assert set(printed) <= set(shown), "paste what the command prints"
    assert sum(line.startswith(f"| {name} | ") for line in printed) == 1


def test_the_document_has_every_family_once_and_in_order() -> None:
    _, (summary, *shown) = document()
    able = [name for name, family in ZOO.items() if family.able]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in shown if line.startswith("| ")]
    heads = ["family", "---", "family that cannot", "---"]
    assert rows == [*heads[:2], *able, *heads[2:], *(name for name in ZOO if name not in able)]
    assert summary == f"{len(able)} of {len(ZOO)} take feedback."
    assert sum(line.endswith("| yes | yes | yes |") for line in shown) == len(able) >= 25
    remarks = [line for line in shown if line.startswith("- ")]
    assert len(remarks) == sum(bool(ZOO[name].needs) for name in able)


def test_what_is_checked_is_what_the_survey_of_the_tests_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments and number of pictures are those that `survey` gives."""
    given: list[dict[str, Any]] = []

    def checked(pipe: Any, **arguments: Any) -> Compatibility:
        del pipe
        given.append(arguments)
        return Compatibility()

    monkeypatch.setattr(pipelines, "_check", checked)
    names = ["Flux", "SD 1", "Qwen-Image 2.1"]
    assert main(["pipelines", *names, "--quiet"]) == 1
    assert capsys.readouterr().out.endswith("0 of 3 take feedback.\n")
    families = [ZOO[name] for name in names]
    assert [arguments.pop("num_images") for arguments in given] == [f.pictures for f in families]
    assert [called(family) for family in families] == given


def test_json_tells_of_each_family(capsys: pytest.CaptureFixture[str]) -> None:
    flux, plain, cascade = printed(capsys, "flux true cfg", "SD 1", "Stable Cascade")[:3]
    assert flux["roles"] == ["conditional", "unconditional"]
    assert flux["pipeline"] == "FluxPipeline"
    assert plain == plain | dict.fromkeys(TRUTHS, True) | {
        "name": "SD 1",
        "pipeline": "StableDiffusionPipeline",
        "sites": 7,
        "roles": ["unconditional, conditional"],
        "reason": "",
        "needs": "",
    }
    assert plain["moved"] > 0
    assert cascade["sites"] == 0
    assert not any(cascade[name] for name in ("identity", "effect", "works"))
    assert "has no denoiser" in cascade["reason"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["sd 1"], ["SD 1"]),
        (["chroma", "CHROMA"], ["Chroma"]),
        (["pag"], ["Sana PAG", "SD 1 PAG", "SDXL PAG"]),
        (["Flux 2"], ["Flux 2"]),
    ],
)
def test_a_name_or_a_part_of_names(names: list[str], found: list[str]) -> None:
    assert [family.name for family in pipelines._chosen(names)] == found


def test_a_name_that_no_family_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipelines", "midjourney"]) == 2
    complaint = capsys.readouterr().err
    assert "no family 'midjourney'" in complaint
    assert "Lumina 2" in complaint


def test_the_table_says_why_and_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipelines", "cascade", "Qwen-Image 2.1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["Stable", "Cascade", "none"]
    assert lines[3].split()[-3:] == ["yes"] * 3
    assert "Stable Cascade: StableCascadeCombinedPipeline has no denoiser" in "\n".join(lines)
    assert "Qwen-Image 2.1: with use_kv_cache=False" in lines
    assert lines[-1] == "1 of 2 take feedback."


def test_a_family_that_fails_hides_no_other_and_fails_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(ZOO["SD 1"], name="Broken", needs={"clip_skip": "one"})
    monkeypatch.setitem(ZOO, "Broken", broken)
    rows = printed(capsys, "Broken", "SD 2", code=1)
    assert [row["works"] for row in rows] == [False, True]
    assert rows[0]["reason"].startswith("TypeError: ")


def test_a_family_that_surprises_fails_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ZOO, "Shy", replace(ZOO["SD 1"], name="Shy", able=False))
    (row,) = printed(capsys, "Shy", code=1)
    assert row["works"]


def test_progress_is_for_terminals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["pipelines", "SD 2", "--quiet"]) == 0
    assert not capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["pipelines", "SD 2"]) == 0
    captured = capsys.readouterr()
    assert "all families" in captured.err
    assert "100%" in captured.err
    assert "\r" not in captured.out


def test_a_pipeline_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = printed(capsys, "--pipeline", str(MODEL), "--steps", "2")
    assert row == row | dict.fromkeys(TRUTHS, True) | {"name": str(MODEL), "sites": 7}


def test_a_pipeline_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipelines", "--pipeline", str(tmp_path)]) == 1
    assert "model_index.json" in capsys.readouterr().err


def test_names_and_a_pipeline_are_too_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipelines", "SD 1", "--pipeline", "x"]) == 2
    assert "not both" in capsys.readouterr().err

"""Nothing that was found is lost, and no check hides another."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import torch

from fabric_widget.gpu.check import (
    ERROR,
    FAIL,
    NOT_RUN,
    OUT_OF_MEMORY,
    PASS,
    SKIP,
    Answer,
    Check,
    Found,
    Skipped,
)
from fabric_widget.gpu.place import Place
from fabric_widget.gpu.results import Results
from fabric_widget.gpu.run import run

if TYPE_CHECKING:
    from pathlib import Path

CPU = Place(torch.device("cpu"))


def found(_: Place) -> Found:
    return Found("7 of 7", numbers={"all": 7})


def wrong(_: Place) -> Found:
    return Found("6 of 7", passed=False)


def broken(_: Place) -> Found:
    message = "<b>no such kernel</b>"
    raise RuntimeError(message)


def greedy(_: Place) -> Found:
    raise torch.OutOfMemoryError


def absent(_: Place) -> Found:
    message = "only on Tuesdays"
    raise Skipped(message)


CHECKS = [
    Check("laws", "broken", "it runs", broken),
    Check("laws", "greedy", "it has room", greedy),
    Check("laws", "wrong", "all hold", wrong),
    Check("laws", "absent", "it is Tuesday", absent),
    Check("laws", "without", "it is there", found, needs=("no_such_package",)),
    Check("laws", "dear", "there is time", found, seconds=1000),
    Check("laws", "found", "all hold", found),
]
STATUSES = [ERROR, OUT_OF_MEMORY, FAIL, SKIP, SKIP, NOT_RUN, PASS]


@pytest.fixture
def answers() -> list[Answer]:
    kept: list[Answer] = []
    assert run(CHECKS, CPU, kept.append, limit=500)
    return kept


def test_each_check_ends_alone_and_says_why(answers: list[Answer]) -> None:
    assert [answer.status for answer in answers] == STATUSES
    reasons = {answer.check.name: answer.reason for answer in answers}
    assert reasons["without"] == "not installed here: no_such_package"
    assert reasons["dear"].startswith("it takes about 1000 s, and ")
    assert reasons["absent"] == "only on Tuesdays"
    assert "in broken" in answers[0].traceback


def test_what_does_not_fit_is_named_and_cheaper_ones_are_asked() -> None:
    now = iter([0.0, 0.0, 9.0, 9.0])  # the first check takes nine seconds of ten
    kept: list[Answer] = []
    checks = [
        Check("g", name, "", found, seconds)
        for name, seconds in (("first", 5.0), ("dear", 2.0), ("cheap", 0.5))
    ]
    run(checks, CPU, kept.append, 10, clock=lambda: next(now))
    assert [answer.status for answer in kept] == [PASS, NOT_RUN, PASS]


def test_results_are_whole_after_each_check(answers: list[Answer], tmp_path: Path) -> None:
    results = Results(tmp_path, CPU)
    for i, answer in enumerate(answers, 1):
        results.keep(answer)
        document = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
        assert len(document["checks"]) == i
        assert not document["complete"]
        page = (tmp_path / "gpu.html").read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>")
        assert answer.check.asked in page
    assert "<b>no such kernel" not in page
    assert "&lt;b&gt;no such kernel" in page
    assert "The run has not ended" in page
    assert re.search("7 checks .1 pass, 1 fail, 1 error, 1 out of memory, 2 skip, 1 not run", page)
    assert sorted(x.name for x in tmp_path.iterdir()) == ["gpu.html", "gpu.json"]
    assert not results.passed
    results.finish()
    assert "The run has not ended" not in (tmp_path / "gpu.html").read_text(encoding="utf-8")


def test_a_run_goes_on_where_it_ended(answers: list[Answer], tmp_path: Path) -> None:
    Results(tmp_path, CPU).keep(answers[-1])
    again = Results(tmp_path, CPU, resumed=True)
    assert again.known == {("laws", "found")}
    assert again.passed
    assert Results(tmp_path, CPU).known == set()


@pytest.mark.parametrize(
    ("message", "usable"), [("CUDA error: an illegal memory access", False), ("bad shape", True)]
)
def test_a_lost_device_ends_the_run(message: str, usable: bool) -> None:
    def lost(_: Place) -> Found:
        raise RuntimeError(message)

    class Gpu(Place):
        dry = False

        def synchronize(self) -> None:
            pass

        def free(self) -> None:
            pass

    kept: list[Answer] = []
    checks = [Check("g", "lost", "", lost), Check("g", "next", "", found)]
    assert run(checks, Gpu(torch.device("cuda")), kept.append, 500) == usable
    assert len(kept) == 1 + usable

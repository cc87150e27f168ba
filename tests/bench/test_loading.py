"""Imports are timed in fresh processes, in turn."""

from __future__ import annotations

import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fabric_widget.bench import loading
from fabric_widget.bench.loading import STATEMENTS, measure_loading

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which statements would have been run."""
    statements: list[str] = []

    def noted(statement: str) -> float:
        statements.append(statement)
        return float(len(statements))

    monkeypatch.setattr(loading, "_seconds", noted)
    return statements


def test_statements_take_turns_after_one_unmeasured_round(ran: list[str]) -> None:
    count = len(STATEMENTS)
    found = list(measure_loading(count, lambda *_: None))
    assert len(ran) == count * (count + 1)
    assert [x.seconds for x in found] == list(range(count + 1, len(ran) + 1))
    assert [x.statement for x in found] == ran[count:]
    for repeat in range(count):
        own = [x.statement for x in found if x.repeat == repeat]
        assert sorted(own) == sorted(STATEMENTS)
        assert own[0] == STATEMENTS[(repeat + 1) % count]


@pytest.mark.usefixtures("ran")
def test_progress_ends_at_the_whole() -> None:
    shown: list[tuple[float, float]] = []
    show: Callable[[str, float, float], None] = lambda _, done, total: shown.append((done, total))  # noqa: E731
    list(measure_loading(2, show))
    assert shown[0] == (0, 9)
    assert shown[-1] == (9, 9)
    assert Counter(total for _, total in shown) == {9: 10}


def test_a_fresh_process_is_timed() -> None:
    assert 0.05 < loading._seconds("time.sleep(0.05)") < 60
    with pytest.raises(subprocess.CalledProcessError):
        loading._seconds("import nothing_of_this_name")

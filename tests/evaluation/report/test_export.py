"""Results as tables."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from fabric_widget.evaluation.report.export import json_lines, parquet, rows
from tests.evaluation.study.conftest import PREFERENCE, records

if TYPE_CHECKING:
    import pytest


def test_there_is_a_row_for_each_prompt_method_and_round() -> None:
    found = list(rows(records(count=2)))
    assert [(row["case"], row["method"], row["round"]) for row in found] == [
        (case, method, number)
        for case in (0, 1)
        for method in ("none", "ours")
        for number in range(1, PREFERENCE.rounds + 1)
    ]
    assert {"taste.best", "luminance.min", "diversity", "color_drift", "seconds"} <= set(found[0])


def test_json_lines_and_parquet_hold_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = records(count=2)
    lines = [json.loads(line) for line in json_lines(found).splitlines()]
    content = parquet(found)
    assert content is not None
    path = tmp_path_factory.mktemp("export") / "results.parquet"
    path.write_bytes(content)
    assert pq.read_table(path).to_pylist() == lines == list(rows(found))


def test_without_pyarrow_there_is_no_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert parquet(records(count=1)) is None

"""The files of a study: one row for each prompt, method and round, a summary, a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.cli.evaluate.plan import Plan
    from fabric_widget.evaluation.report.study_summary import Summary
    from fabric_widget.evaluation.study.result_store import ResultStore

    Record = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """The summary of a study, and the same as JSON, with the paths of all files."""

    summary: Summary
    content: dict[str, Any]


def write_results(plan: Plan, store: ResultStore, records: Sequence[Record]) -> Results | None:
    """Write the rows, the summary and the page into the folder of the study.

    Parameters
    ----------
    plan
        The study.
    store
        Its folder.
    records
        The finished trials, at least one.

    Returns
    -------
    Results or None
        None as long as no prompt is finished with every method; then only the rows are written.
    """
    from fabric_widget.evaluation.report.export import json_lines, parquet
    from fabric_widget.evaluation.report.study_report import write_report
    from fabric_widget.evaluation.report.study_summary import plain, summarize

    files = [store.write("results.jsonl", json_lines(records))]
    table = parquet(records)
    if table is not None:
        files.append(store.write("results.parquet", table))
    methods = [m for m in plan.methods if any(record["method"] == m for record in records)]
    finished = [{r["case"] for r in records if r["method"] == method} for method in methods]
    if not set.intersection(*finished):
        return None
    summary = summarize(records, methods)
    content = {
        "settings": plan.settings.identity(),
        **plain(summary),
        "files": [str(path) for path in files],
    }
    files.append(store.write("summary.json", json.dumps(content, ensure_ascii=False)))
    files.append(store.write("report.html", write_report(plan.settings, summary, records)))
    return Results(summary, content | {"files": [str(path) for path in files]})

"""Results as a table: one row for each prompt, method and round."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from fabric_widget.evaluation.report.study_summary import figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Record = dict[str, Any]


def rows(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """Yield the measures, one row for each prompt, method and round."""
    for record in records:
        rounds = zip(figures(record), record["rounds"], strict=True)
        for number, (measures, round_) in enumerate(rounds, start=1):
            yield {
                "case": record["case"],
                "prompt": record["prompt"],
                "wish": record["wish"],
                "method": record["method"],
                "round": number,
                "seeds": round_["seeds"],
                "strengths": round_["strengths"],
                "pictures": round_["ids"],
                **measures,
            }


def json_lines(records: Sequence[Record]) -> str:
    """Return the rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(records))


def parquet(records: Sequence[Record]) -> bytes | None:
    """Return the rows as Parquet, or None where pyarrow is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return None
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows(records))), buffer)
    return buffer.getvalue()

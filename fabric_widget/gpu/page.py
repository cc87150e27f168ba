"""The results as one self-contained page: what failed first, then each group, then charts."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

from fabric_widget.bench.chart import draw_chart
from fabric_widget.evaluation.report.html import document
from fabric_widget.gpu.check import BAD, ERROR, FAIL, NOT_RUN, OUT_OF_MEMORY, PASS, SKIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, Any]

_ORDER = (PASS, FAIL, ERROR, OUT_OF_MEMORY, SKIP, NOT_RUN)
_GREEN, _RED, _SOFT = "var(--green)", "var(--red)", "var(--soft)"
_HUES = {PASS: _GREEN, SKIP: _SOFT, NOT_RUN: _SOFT}
_HEADS = ("check", "status", "found", "seconds")
_LEFT = "text-align: left; white-space: normal; vertical-align: top"


def write_page(figures: Mapping[str, Any]) -> str:
    """Return the results as an HTML document that loads nothing.

    Parameters
    ----------
    figures
        What `Results` holds.
    """
    rows: Sequence[Row] = figures["checks"]
    machine = figures["machine"]
    bad = [row for row in rows if row["status"] in BAD]
    form = "a dry run on a CPU, with tiny shapes" if figures["dry"] else "on a GPU"
    ended = "" if figures["complete"] else " The run has not ended, or was ended."
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items())
    parts = [
        f"""<header>
<h1>{escape(machine["measured_on"])}</h1>
<p class="lead">{escape(_counted(rows))}: {form}.{ended}</p>
<p class="note">{escape(figures["started"])}; {escape(versions)}{escape(_hardware(machine))}</p>
</header>
"""
    ]
    if bad:
        parts.append(_section("what-failed", "What failed", bad, told=True))
    for group in dict.fromkeys(row["group"] for row in rows):
        own = [row for row in rows if row["group"] == group]
        parts.append(_section(group.replace(" ", "-"), group.capitalize(), own))
        parts += _charts(own, machine)
    return document("Checks on a GPU", "".join(parts))


def _counted(rows: Sequence[Row]) -> str:
    counts = Counter(row["status"] for row in rows)
    known = ", ".join(f"{counts[status]} {status}" for status in _ORDER if counts[status])
    return f"{len(rows)} checks ({known})" if rows else "no check yet"


def _hardware(machine: Mapping[str, Any]) -> str:
    if "memory_bytes" not in machine:
        return ""
    return (
        f"; {machine['memory_bytes'] / 2**30:.0f} GiB, compute capability {machine['capability']}, "
        f"CUDA {machine['cuda']}, cuDNN {machine['cudnn']}"
    )


def _section(name: str, title: str, rows: Iterable[Row], *, told: bool = False) -> str:
    heads = "".join(f'<th scope="col" style="{_LEFT}">{head}</th>' for head in _HEADS)
    body = "".join(_row(row, told=told) for row in rows)
    return f"""<section aria-labelledby="{escape(name)}">
<h2 id="{escape(name)}">{escape(title)}</h2>
<div class="scroll"><table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}</tbody>
</table></div>
</section>
"""


def _row(row: Row, *, told: bool) -> str:
    name = f"{row['group']}: {row['name']}" if told else row["name"]
    words = [row["figure"], row["reason"], row["note"]]
    found = "; ".join(escape(text) for text in words if text)
    if told and row["traceback"]:
        found += (
            f"<details><summary>traceback</summary><pre>{escape(row['traceback'])}</pre></details>"
        )
    hue = _HUES.get(row["status"], _RED)
    asked = f'<small style="font-weight: normal">{escape(row["asked"])}</small>'
    cells = (
        f'<th scope="row" style="{_LEFT}">{escape(name)}<br>{asked}</th>',
        f'<td style="{_LEFT}; color: {hue}">{escape(row["status"])}</td>',
        f'<td style="{_LEFT}">{found}</td>',
        f"<td>{row['seconds']:.1f}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>\n"


def _charts(rows: Iterable[Row], machine: Mapping[str, Any]) -> list[str]:
    targets = [row["numbers"]["target"] for row in rows if "target" in row["numbers"]]
    timed = [target for target in targets if any(row["ratio"] for row in target["rows"])]
    return [f"<figure>{draw_chart(target, machine)}</figure>\n" for target in timed]

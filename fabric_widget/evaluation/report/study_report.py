"""A study as one self-contained page: effects, curves, tables, pictures."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from fabric_widget.charts import Line, forest_plot, line_chart, ticks
from fabric_widget.evaluation.methods import load_method
from fabric_widget.evaluation.report.html import badge, document
from fabric_widget.evaluation.study.settings import TASTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.evaluation.report.study_summary import Estimate, Summary
    from fabric_widget.evaluation.study.settings import Settings

    Record = dict[str, Any]

_STYLES = ("page.css", "study_report.css")
_COLORS = 8
_PROMPTS_SHOWN = 6
_MOST_BANDS = 4
_MEBI = 2**20
_ROUND_MEASURES = {
    "similarity_liked": ("Similarity to liked pictures", "mean cosine to all liked before"),
    "similarity_disliked": (
        "Similarity to disliked pictures",
        "mean cosine to all disliked before",
    ),
    "diversity": ("Diversity", "1 less the mean cosine between two pictures of a round"),
    "saturation_drift": ("Saturation", "difference to round 1"),
    "contrast_drift": ("Contrast", "difference to round 1"),
    "color_drift": ("Mean colour", "distance to that of round 1 in CIE L*a*b*"),
}


def write_report(settings: Settings, summary: Summary, records: Sequence[Record]) -> str:
    """Return a study as an HTML document.

    Parameters
    ----------
    settings
        What all trials have in common.
    summary
        The study's estimates.
    records
        The trials, for their pictures: those of the first prompts are shown.
    """
    title = f"{summary.prompts} prompts, {len(summary.methods)} methods"
    body = f"""<header>
<h1>{title}: does feedback help?</h1>
<p class="lead">{escape(_lead(settings, summary))}</p>
</header>
{_verdicts(settings, summary)}<section aria-labelledby="curves">
<h2 id="curves">Round by round</h2>
{_legend(summary)}
<p class="note">Bands are 95 % intervals over prompts{_of_whom(summary)}.</p>
<div class="charts">
{"".join(_curves(settings, summary))}</div>
</section>
{_effects(settings, summary)}<section aria-labelledby="table">
<h2 id="table">The last round in numbers</h2>
<div class="scroll">{_table(settings, summary)}</div>
<p class="note">Mean over prompts, and below it the 95 % bootstrap interval (prompts resampled).
Seconds and memory are those of this machine, and of nothing else.</p>
</section>
{_gallery(settings, summary, records)}<section aria-labelledby="how">
<h2 id="how">How it was made</h2>
<p>Every method starts from the same seeds and knows nothing of other methods or prompts. The
configuration below is all that a figure depends on.</p>
<pre>{escape(json.dumps(settings.identity(), indent=1, ensure_ascii=False))}</pre>
</section>
"""
    return document(f"{title}: does feedback help?", body, styles=_STYLES)


def _lead(settings: Settings, summary: Summary) -> str:
    looking = (
        "looks for a hidden picture that is never shown"
        if settings.protocol == "target"
        else "looks for what a sentence says"
        if settings.voter == TASTE
        else "likes what a scorer likes"
    )
    habits = f" ({settings.person})" if settings.person else ""
    return (
        f"A simulated person{habits} {looking} and votes in {settings.rounds} rounds of "
        f"{settings.images} pictures. Votes are decided by {settings.voter}; what came of them is "
        f"measured by {_listed(summary.scorers)}. Pipeline: {settings.pipeline}."
    )


def _verdicts(settings: Settings, summary: Summary) -> str:
    """Return cards with the effect against the first baseline."""
    cards = []
    for name in summary.scorers:
        found = [effect for effect in summary.effects if effect.measure == f"{name}.mean"]
        for effect in {effect.method: effect for effect in reversed(found)}.values():
            estimate = effect.estimate
            kind, words = (
                ("better", "more than")
                if estimate.low > 0
                else ("worse", "less than")
                if estimate.high < 0
                else ("open", "not told apart from")
            )
            cards.append(
                f'<div class="card {kind}"><h3>{escape(name)}{_votes(settings, name)}</h3>'
                f"<p><strong>{_signed(estimate.mean)}</strong>{escape(effect.method)}, {words} "
                f"{escape(effect.baseline)} in round {settings.rounds}; 95 % interval "
                f"{_signed(estimate.low)} to {_signed(estimate.high)}</p></div>\n"
            )
    return f'<div class="verdicts">\n{"".join(cards)}</div>\n' if cards else ""


def _legend(summary: Summary) -> str:
    items = "".join(
        f'<li class="{_css(summary, method)}">{escape(method)} '
        f"<small>{escape(load_method(method).words)}</small></li>\n"
        for method in summary.methods
    )
    return f'<ul class="legend">\n{items}</ul>'


def _curves(settings: Settings, summary: Summary) -> Iterator[str]:
    for name in summary.scorers:
        votes = _votes(settings, name)
        for kind, words in (
            ("mean", "mean of the round"),
            ("best", "best of all pictures so far"),
        ):
            heading = f"{escape(name)}{votes}"
            yield _chart(settings, summary, f"{name}.{kind}", heading, words)
    for measure, (heading, words) in _ROUND_MEASURES.items():
        yield _chart(settings, summary, measure, heading, words)
    if summary.frechet:
        lines = [
            Line(_css(summary, method), method, values)
            for method, values in summary.frechet.items()
        ]
        words = f"{settings.frechet}; to round 1 of {summary.methods[0]}, lower is nearer"
        yield _card(lines, settings, "frechet", "Fréchet distance", words)


def _chart(settings: Settings, summary: Summary, measure: str, heading: str, words: str) -> str:
    banded = _banded(summary)
    lines = [
        Line(
            _css(summary, method),
            method,
            [None if e is None else e.mean for e in found[measure]],
            [None if e is None else (e.low, e.high) for e in found[measure] if method in banded],
        )
        for method, found in summary.rounds.items()
    ]
    return _card(lines, settings, measure, heading, words)


def _banded(summary: Summary) -> list[str]:
    """Return the methods whose intervals are drawn: of many the first and those that are judged."""
    judged = {summary.methods[0], *(effect.method for effect in summary.effects)}
    few = len(summary.methods) <= _MOST_BANDS
    return [method for method in summary.methods if few or method in judged]


def _of_whom(summary: Summary) -> str:
    banded = _banded(summary)
    return "" if len(banded) == len(summary.methods) else f", drawn for {_listed(banded)}"


def _card(lines: Sequence[Line], settings: Settings, measure: str, heading: str, words: str) -> str:
    extent = [bound for line in lines for bound in line.extent()]
    if not extent:
        return ""
    name = "chart-" + "".join(c if c.isalnum() else "-" for c in measure)
    levels = ticks(min(extent), max(extent))
    chart = line_chart(
        lines, name, f"{measure} in each round", levels, settings.rounds, legend=False
    )
    return (
        f'<div class="card"><h3>{heading}</h3><p class="what">{escape(words)}</p>\n{chart}</div>\n'
    )


def _effects(settings: Settings, summary: Summary) -> str:
    cards = []
    pairs = {(effect.method, effect.measure): None for effect in summary.effects}
    for method, measure in pairs:
        name, _, kind = measure.rpartition(".")
        if kind != "mean":
            continue
        rows = [
            (f"less {e.baseline}", e.estimate.mean, e.estimate.low, e.estimate.high)
            for e in summary.effects
            if (e.method, e.measure) == (method, measure)
        ]
        title = f"{name}: {method} less each baseline"
        identifier = "effect-" + "".join(c if c.isalnum() else "-" for c in f"{method}-{name}")
        chart = forest_plot(rows, identifier, title, css=_css(summary, method))
        cards.append(
            f'<div class="card"><h3>{escape(name)}{_votes(settings, name)}</h3>'
            f'<p class="what">{escape(method)}, mean of round {settings.rounds}</p>\n'
            f"{chart}</div>\n"
        )
    if not cards:
        return ""
    return f"""<section aria-labelledby="effects">
<h2 id="effects">Against each baseline</h2>
<p class="note">Differences prompt by prompt with their 95 % intervals. A full dot: the interval
leaves zero out. To the right is better.</p>
<div class="charts">
{"".join(cards)}</div>
</section>
"""


def _table(settings: Settings, summary: Summary) -> str:
    columns = [
        (f"{name} {kind}", f"{name}.{kind}")
        for name in summary.scorers
        for kind in ("best", "max", "mean", "min")
    ]
    columns += [(heading, measure) for measure, (heading, _) in _ROUND_MEASURES.items()]
    columns += [("seconds", "seconds"), ("peak memory, MiB", "peak_bytes")]
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading, _ in columns)
    rows = "".join(
        f'<tr><th scope="row" class="method {_css(summary, method)}">{escape(method)}</th>'
        + "".join(_cell(found[measure][-1], measure) for _, measure in columns)
        + "</tr>\n"
        for method, found in summary.rounds.items()
    )
    return f"""<table>
<caption>Round {settings.rounds}; drifts of saturation, contrast and colour are against round 1
</caption>
<thead><tr><th scope="col">method</th>{head}</tr></thead>
<tbody>
{rows}</tbody>
</table>"""


def _cell(estimate: Estimate | None, measure: str) -> str:
    if estimate is None:
        return "<td>–</td>"
    if measure == "peak_bytes":
        return f"<td>{estimate.mean / _MEBI:.0f}</td>"
    return f"<td>{estimate.mean:.3f}<small>{estimate.low:.3f} to {estimate.high:.3f}</small></td>"


def _gallery(settings: Settings, summary: Summary, records: Sequence[Record]) -> str:
    cases = sorted({record["case"] for record in records})[:_PROMPTS_SHOWN]
    shown = "".join(
        _prompt(settings, summary, [r for r in records if r["case"] == case]) for case in cases
    )
    return f"""<section aria-labelledby="pictures">
<h2 id="pictures">Pictures <small>of the first {len(cases)} prompts, not chosen</small></h2>
{shown}</section>
"""


def _prompt(settings: Settings, summary: Summary, records: Sequence[Record]) -> str:
    first = records[0]
    wanted = f"wanted: {first['wish']}" if first["wish"] else ""
    hidden = ""
    if first["target"]:
        hidden = f'<img src="{_embedded(first["target"])}" alt="The hidden target">'
        wanted = "the hidden target, never shown" + (f"; {wanted}" if wanted else "")
    strips = "".join(
        _strip(settings, summary, record)
        for method in summary.methods
        for record in records
        if record["method"] == method
    )
    return f"""<article class="card prompt">
<header>{hidden}<div><h3>“{escape(first["prompt"])}”</h3><p>{escape(wanted)}</p></div></header>
{strips}</article>
"""


def _strip(settings: Settings, summary: Summary, record: Record) -> str:
    method = record["method"]
    across = settings.images if settings.images <= 4 else -(-settings.images // 2)  # noqa: PLR2004
    rounds = "".join(
        f'<div class="grid" style="--across:{across}">\n'
        + "".join(_figure(made, i, f"{method}, round {number}") for i in range(settings.images))
        + "</div>\n"
        for number, made in enumerate(record["rounds"], start=1)
    )
    return f"""<div class="strip {_css(summary, method)}"><h4>{escape(method)}</h4>
<div class="rounds">
{rounds}</div></div>
"""


def _figure(made: Record, position: int, where: str) -> str:
    strength = made["strengths"][position]
    vote = "liked" if strength > 0 else "disliked" if strength < 0 else ""
    alt = escape(f"{where}, picture {position + 1}, seed {made['seeds'][position]}")
    voted = f", {vote}" if vote else ""
    mark = badge(up=strength > 0) if vote else ""
    source = _embedded(made["pictures"][position])
    return f'<figure class="{vote}"><img src="{source}" alt="{alt}{voted}">{mark}</figure>\n'


def _embedded(webp: str) -> str:
    return f"data:image/webp;base64,{webp}"


def _votes(settings: Settings, name: str) -> str:
    return ' <span class="votes">votes itself</span>' if name == settings.voter else ""


def _css(summary: Summary, method: str) -> str:
    """Return the class of a method's colour; "ours" always has the accent's."""
    if method == "ours":
        return "m1"
    others = [name for name in summary.methods if name != "ours"]
    free = [number for number in range(_COLORS) if number != 1]
    return f"m{free[others.index(method) % len(free)]}"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

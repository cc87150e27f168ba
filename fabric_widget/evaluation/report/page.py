"""A story as one self-contained page: pictures, a curve and a table, nothing fetched."""

from __future__ import annotations

import base64
import io
import math
from html import escape
from typing import TYPE_CHECKING

from fabric_widget.charts import Line, line_chart
from fabric_widget.evaluation.report.html import badge, document
from fabric_widget.evaluation.report.results_json import nearness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from fabric_widget.evaluation.people.simulated_user import Verdict
    from fabric_widget.evaluation.report.story import Chapter, Grid, Story

_NAMES = {"with": "with feedback", "without": "without feedback"}


def write_page(story: Story) -> str:
    """Return a story that has at least one chapter as an HTML document.

    It contains pictures as PNG, styles and a curve as SVG, loads nothing, and follows the reader's
    colour scheme.

    Raises
    ------
    ValueError
        No chapter was finished.
    """
    if not story.chapters:
        message = "the story has no finished round to write about"
        raise ValueError(message)
    taste, prompt = story.plan.taste.text, escape(story.plan.prompt)
    rounds = "".join(_round(story, chapter) for chapter in story.chapters)
    body = f"""<header>
<h1>Looking for “{escape(taste)}”</h1>
<p class="lead">A simulated person says only “{prompt}”, likes the best picture of each round and
dislikes the worst. {_outcome(story)}</p>
</header>
{rounds}<section aria-labelledby="figures">
<h2 id="figures">Distance to the taste, round by round</h2>
{_curve(story)}
<div class="scroll">{_table(story)}</div>
<p class="note">Distance: 0 is exactly the taste, 1 nothing of it, read by a classifier of pictures;
match is 100% less the distance. Diversity: the share of attributes in which two pictures of a
round differ. First seed {story.plan.seed}; both sides of a round have the same seeds.</p>
</section>
"""
    return document(f"Looking for “{taste}”", body)


def _outcome(story: Story) -> str:
    last = story.chapters[-1]
    unfinished = "" if story.complete else f" It was ended before all {story.plan.rounds} rounds."
    if last.round == 1:
        return f"The first round knows no votes yet.{unfinished}"
    return (
        f"After {last.round} rounds the pictures are {nearness(story)} those of the same seeds "
        f"without feedback.{unfinished}"
    )


def _round(story: Story, chapter: Chapter) -> str:
    votes = sum(c.with_feedback.verdict.count for c in story.chapters if c.round < chapter.round)
    since = f"after {votes} votes" if votes else "no votes yet"
    cards = "".join(_card(chapter, side, grid) for side, grid in _sides(chapter))
    return f"""<section aria-labelledby="round-{chapter.round}">
<h2 id="round-{chapter.round}">Round {chapter.round} <small>{since}</small></h2>
<div class="pair">
{cards}</div>
</section>
"""


def _sides(chapter: Chapter) -> Iterator[tuple[str, Grid]]:
    yield "with", chapter.with_feedback
    yield "without", chapter.without_feedback


def _card(chapter: Chapter, side: str, grid: Grid) -> str:
    figures = "".join(
        _figure(grid, i, f"Round {chapter.round}, {_NAMES[side]}") for i in range(len(grid.images))
    )
    title = f"<span>{_NAMES[side]}</span><span>{_match(grid.mean)} match</span>"
    return f"""<div class="card {side}">
<h3>{title}</h3>
<div class="grid">
{figures}</div>
</div>
"""


def _figure(grid: Grid, position: int, where: str) -> str:
    vote = _vote(grid.verdict, position)
    match = _match(grid.distances[position])
    voted = f", {vote}" if vote else ""
    alt = escape(f"{where}, picture {position + 1}, seed {grid.seeds[position]}: {match}{voted}")
    mark = badge(up=vote == "liked") if vote else ""
    return f"""<figure class="{vote}"><img src="{_embedded(grid.images[position])}" alt="{alt}">
{mark}<figcaption>{match}</figcaption></figure>
"""


def _vote(verdict: Verdict, position: int) -> str:
    if position == verdict.liked:
        return "liked"
    return "disliked" if position == verdict.disliked else ""


def _embedded(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _match(distance: float) -> str:
    return f"{1 - distance:.0%}"


def _table(story: Story) -> str:
    rows = "".join(
        f'<tr class="{side}"><th scope="row">{chapter.round}</th><td>{_NAMES[side]}</td>'
        f"<td>{grid.mean:.3f}</td><td>{grid.best:.3f}</td><td>{grid.diversity:.3f}</td>"
        f"<td>{grid.saturation:.3f}</td><td>{grid.contrast:.3f}</td></tr>\n"
        for chapter in story.chapters
        for side, grid in _sides(chapter)
    )
    heads = (
        "round",
        "side",
        "mean distance",
        "best distance",
        "diversity",
        "saturation",
        "contrast",
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"""<table>
<caption>Measured on every round</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}</tbody>
</table>"""


def _curve(story: Story) -> str:
    lines = [
        Line(side, name, [dict(_sides(chapter))[side].mean for chapter in story.chapters])
        for side, name in _NAMES.items()
    ]
    highest = max(mean for line in lines for mean in line.extent())
    ceiling = max(1, math.ceil(highest * 10)) / 10
    return line_chart(
        lines,
        "curve",
        "Mean distance to the taste in each round",
        [0, ceiling / 2, ceiling],
        story.plan.rounds,
        legend=True,
    )

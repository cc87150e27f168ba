"""A story as one self-contained page: pictures, a curve and a table, nothing fetched."""

from __future__ import annotations

import base64
import io
import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from fabric_widget.evaluation import thumb
from fabric_widget.evaluation.figures import nearness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from fabric_widget.evaluation.person import Verdict
    from fabric_widget.evaluation.story import Chapter, Grid, Story

_NAMES = {"with": "with feedback", "without": "without feedback"}
_COLUMNS = ("round", "side", "distance", "best", "diversity", "saturation", "contrast")
_CURVE = (640, 276)
_FRAME = (52, 18, 610, 216)
"""Left, top, right and bottom of the curve's axes within its picture."""


def write_page(story: Story) -> str:
    """Return a story that has at least one chapter as an HTML document.

    Everything is in it: pictures as PNG, styles, a curve as SVG. It follows the reader's colour
    scheme, and forbids itself to load anything.

    Raises
    ------
    ValueError
        No chapter was finished.
    """
    if not story.chapters:
        message = "the story has no finished round to write about"
        raise ValueError(message)
    taste, prompt = escape(story.plan.taste.text), escape(story.plan.prompt)
    style = files("fabric_widget.evaluation").joinpath("page.css").read_text(encoding="utf-8")
    rounds = "".join(_round(story, chapter) for chapter in story.chapters)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Looking for “{taste}”</title>
<style>
{style}</style>
</head>
<body>
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><symbol id="thumb"
 viewBox="0 0 {thumb.SIDE} {thumb.SIDE}">{_thumb()}</symbol></svg>
<main>
<header>
<h1>Looking for “{taste}”</h1>
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
</main>
</body>
</html>
"""


def _outcome(story: Story) -> str:
    last = story.chapters[-1]
    unfinished = "" if story.complete else f" It was ended before all {story.plan.rounds} rounds."
    if last.round == 1:
        return f"The first round knows no votes yet.{unfinished}"
    return (
        f"After {last.round} rounds the pictures are {nearness(story)} those of the same seeds "
        f"without feedback.{unfinished}"
    )


def _thumb() -> str:
    polygons = (
        " ".join(f"{x:g},{y:g}" for x, y in outline) for outline in (thumb.CUFF, thumb.HAND)
    )
    return "".join(f'<polygon points="{points}"/>' for points in polygons)


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
    said = f", {vote}" if vote else ""
    alt = escape(f"{where}, picture {position + 1}, seed {grid.seeds[position]}: {match}{said}")
    badge = _badge(up=vote == "liked") if vote else ""
    return f"""<figure class="{vote}"><img src="{_embedded(grid.images[position])}" alt="{alt}">
{badge}<figcaption>{match}</figcaption></figure>
"""


def _vote(verdict: Verdict, position: int) -> str:
    if position == verdict.liked:
        return "liked"
    return "disliked" if position == verdict.disliked else ""


def _badge(*, up: bool) -> str:
    turn = "" if up else ' transform="matrix(1 0 0 -1 0 100)"'
    return (
        '<svg class="badge" viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" '
        f'r="50"/><g fill="#fff"{turn}><use href="#thumb" x="9" y="11" width="80" height="80"/>'
        "</g></svg>"
    )


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
    left, top, right, bottom = _FRAME
    means = {
        side: [dict(_sides(chapter))[side].mean for chapter in story.chapters] for side in _NAMES
    }
    highest = max(mean for line in means.values() for mean in line)
    ceiling = max(1, math.ceil(highest * 10)) / 10
    span = max(1, story.plan.rounds - 1)

    def place(i: int, mean: float) -> tuple[float, float]:
        return left + (right - left) * i / span, bottom - (bottom - top) * mean / ceiling

    parts = [
        f'<line class="axis" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        for value in (0, ceiling / 2, ceiling)
        for y in (place(0, value)[1],)
    ]
    parts += [
        f'<text x="{place(i, 0)[0]:.1f}" y="{bottom + 24}" text-anchor="middle">{i + 1}</text>'
        for i in range(story.plan.rounds)
    ]
    for side, line in means.items():
        points = [place(i, mean) for i, mean in enumerate(line)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="{side}" points="{joined}"/>')
        parts += [f'<circle class="{side}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points]
    for i, (side, name) in enumerate(_NAMES.items()):
        x, y = left + 190 * i, _CURVE[1] - 4
        parts.append(f'<circle class="{side}" cx="{x + 6}" cy="{y - 4}" r="4"/>')
        parts.append(f'<text class="{side}" x="{x + 16}" y="{y}">{name}</text>')
    said = "; ".join(
        f"{name}: {', '.join(f'{mean:.3f}' for mean in means[side])}"
        for side, name in _NAMES.items()
    )
    return f"""<svg class="curve" viewBox="0 0 {_CURVE[0]} {_CURVE[1]}" role="img"
 aria-labelledby="curve-title curve-words"><title id="curve-title">Mean distance to the taste in
each round</title><desc id="curve-words">{said}</desc>
{chr(10).join(parts)}
</svg>"""

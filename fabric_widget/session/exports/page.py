"""A session as one HTML page: pictures inside, no script, nothing fetched."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.session.exports.words import (
    names_of,
    recipe_words,
    said,
    uploads_of,
    votes_by_picture,
)
from fabric_widget.session.files.pictures import encode
from fabric_widget.session.files.turns import plain
from fabric_widget.session.files.writing import png_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import GeneratedImage
    from fabric_widget.session.state import State, Turn
    from fabric_widget.session.votes import Vote

_KINDS = {"round": "", "drafts": "drafts", "finished": "a draft, finished", "enlarged": "enlarged"}


def write_page(state: State) -> str:
    """Return a session as an HTML document."""
    story = _Story(state)
    rounds = "".join(story.round(index, turn) for index, turn in enumerate(state.turns))
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    title = f"“{state.prompt}” in {_counted(len(state.turns), 'round')}"
    pictures = sum(len(turn.round) for turn in state.turns)
    votes = sum(map(len, story.votes.values()))
    lead = f"{_counted(pictures, 'picture')}, {_counted(votes, 'vote')}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{lead}. Made with fabric_widget: each round follows the votes on earlier pictures.</p>
</header>
<main>
{story.best()}{rounds}{story.uploads()}</main>
</body>
</html>
"""


class _Story:
    """A session with what has to be known of it to write each part of the page."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.votes = votes_by_picture(state)
        self._names = names_of(state)

    def best(self) -> str:
        """Return links to the pictures that were starred."""
        if not self.state.starred:
            return ""
        links = ", ".join(
            f'<a href="#p{name}">{escape(self._names[name])}</a>'
            for name in self.state.starred
            if name in self._names
        )
        return f'<p class="best"><span aria-hidden="true">★</span> The best so far: {links}.</p>\n'

    def round(self, index: int, turn: Turn) -> str:
        """Return the section of a round."""
        made = turn.round
        figures = "".join(self._figure(index, at, turn) for at in range(len(made)))
        told = [_KINDS[turn.kind]] if _KINDS[turn.kind] else []
        if turn.parent is not None and turn.parent != index - 1:
            told.append(f"goes on from round {turn.parent + 1}")
        small = f" <small>{', '.join(told)}</small>" if told else ""
        current = " current" if index == self.state.current else ""
        settings = ", ".join(f"{name} {value}" for name, value in plain(made.settings).items())
        return f"""<section class="round{current}" aria-labelledby="round-{index + 1}">
<h2 id="round-{index + 1}">Round {index + 1}{small}</h2>
<p class="prompt">“{escape(made.prompt)}”</p>
{self._followed(turn)}<div class="grid">
{figures}</div>
<p class="settings">seeds from {made.seed}{escape("; " + settings if settings else "")}</p>
</section>
"""

    def uploads(self) -> str:
        """Return the section of pictures that no round has made."""
        uploads = uploads_of(self.state)
        if not uploads:
            return ""
        figures = ""
        for name in uploads:
            picture: Any = self.state.pictures[name]
            image = getattr(picture, "image", picture)
            caption = self._names[name]
            figures += self._card(name, encode(image), caption, caption, starred=False)
        return f"""<section aria-labelledby="uploads">
<h2 id="uploads">Pictures from elsewhere</h2>
<div class="grid">
{figures}</div>
</section>
"""

    def _followed(self, turn: Turn) -> str:
        """Return the votes that a round was made with."""
        if not turn.votes:
            return ""
        items = "".join(
            f'<li class="{_side([vote])}"><a href="#p{vote.id}">'
            f"{escape(self._names.get(vote.id, 'a picture'))}</a> {escape(said(vote))}</li>"
            for vote in turn.votes
        )
        count = _counted(len(turn.votes), "vote")
        return f"<details><summary>follows {count}</summary><ul>{items}</ul></details>\n"

    def _figure(self, index: int, at: int, turn: Turn) -> str:
        image: GeneratedImage = turn.round[at]
        where = f"Round {index + 1}, picture {at + 1}, seed {image.seed}"
        recipes = turn.round.recipes
        tries = recipe_words(self._names, recipes[at].words) if recipes else ""
        caption = f"seed {image.seed}" + (f": {tries}" if tries else "")
        alt = f"{where}, of “{image.prompt}”"
        starred = image.id in self.state.starred
        return self._card(image.id, png_of(image, turn), alt, caption, starred=starred)

    def _card(self, name: str, png: bytes, alt: str, caption: str, *, starred: bool) -> str:
        votes = self.votes.get(name, [])
        told = "; ".join([*map(said, votes), *(["starred"] if starred else [])])
        alt = f"{alt}: {told}" if told else alt
        data = base64.b64encode(png).decode()
        chips = "".join(
            f'<li class="{_side([vote])}">{_mark(vote)} {escape(said(vote))}</li>' for vote in votes
        )
        star = '<span class="star" aria-hidden="true">★</span>' if starred else ""
        return f"""<figure id="p{name}" class="{_side(votes)}">
<div class="shown"><img src="data:image/png;base64,{data}" alt="{escape(alt)}">\
{"".join(map(_marked, votes))}{star}</div>
<figcaption>{escape(caption)}{f'<ul class="votes">{chips}</ul>' if chips else ""}</figcaption>
</figure>
"""


def _side(votes: Sequence[Vote]) -> str:
    """Return the class of what was voted on; that of the newest vote."""
    if not votes:
        return ""
    return "liked" if votes[-1].strength > 0 else "disliked"


def _mark(vote: Vote) -> str:
    return f'<span aria-hidden="true">{"▲" if vote.strength > 0 else "▼"}</span>'


def _marked(vote: Vote) -> str:
    """Return a frame around the part that a vote is about, if somebody drew it."""
    if vote.part is None or vote.part.mask is None:
        return ""
    inside = vote.part.mask > 0
    rows, columns = inside.any(dim=1).nonzero()[:, 0], inside.any(dim=0).nonzero()[:, 0]
    height, width = inside.shape
    top, left = int(rows[0]) / height, int(columns[0]) / width
    down, across = (int(rows[-1]) + 1) / height, (int(columns[-1]) + 1) / width
    place = f"left:{left:.2%};top:{top:.2%};width:{across - left:.2%};height:{down - top:.2%}"
    return f'<span class="part {_side([vote])}" style="{place}"></span>'


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"

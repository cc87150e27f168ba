"""The page: well-formed, self-contained, escaped."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from fabric_widget.evaluation.people.tastes import Taste
from fabric_widget.evaluation.report.page import write_page
from fabric_widget.evaluation.report.story import Story
from fabric_widget.evaluation.report.story_plan import Plan
from tests.evaluation.painting import painted_story

_VOID = {"meta", "img"}


class Page(HTMLParser):
    """Collects tags and checks that they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_pictures_are_embedded_without_loss_and_have_words() -> None:
    story = painted_story(rounds=2, images=3)
    images = Page(write_page(story)).all("img")
    expected = [
        picture
        for chapter in story.chapters
        for grid in (chapter.with_feedback, chapter.without_feedback)
        for picture in grid.images
    ]
    assert len(images) == len(expected) == 12
    for found, picture in zip(images, expected, strict=True):
        data = base64.b64decode((found["src"] or "").removeprefix("data:image/png;base64,"))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(picture))
        assert re.match(r"Round \d, with(out)? feedback, picture \d, seed \d+", found["alt"] or "")


def test_votes_are_told_in_words_too() -> None:
    alts = [image["alt"] or "" for image in Page(write_page(painted_story())).all("img")]
    story = painted_story()
    votes = sum(chapter.with_feedback.verdict.count for chapter in story.chapters)
    assert sum(alt.endswith((", liked", ", disliked")) for alt in alts) == votes


def test_nothing_is_fetched() -> None:
    text = write_page(painted_story())
    page = Page(text)
    references = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "data"}
    ]
    assert all(r and r.startswith(("data:image/png;base64,", "#")) for r in references)
    assert "url(" not in text
    assert "@import" not in text
    assert "http:" not in text
    assert "https:" not in text
    assert not page.all("script")
    assert not page.all("link")


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "<b>fish", "a & b", "'><img>"])
def test_words_are_escaped(words: str) -> None:
    story = painted_story(rounds=1, images=2)
    plan = Plan(taste=Taste(story.plan.taste.wanted, words), prompt=words, rounds=1, images=2)
    hostile = write_page(Story(plan, story.chapters))
    assert words not in hostile
    assert [tag for tag, _ in Page(hostile).tags] == [
        tag for tag, _ in Page(write_page(story)).tags
    ]


def test_every_round_has_two_rows_in_the_table() -> None:
    rows = Page(write_page(painted_story(rounds=4, images=2))).all("tr")
    assert len(rows) == 1 + 2 * 4


@pytest.mark.parametrize("rounds", [1, 2, 20])
def test_the_curve_is_well_formed_and_inside_its_frame(rounds: int) -> None:
    text = write_page(painted_story(rounds=rounds, images=2))
    match = re.search(r'<svg class="curve".*?</svg>', text, re.DOTALL)
    assert match
    curve = ET.fromstring(match.group())  # noqa: S314  (our own)
    _, _, width, height = map(float, curve.attrib["viewBox"].split())
    circles = list(curve.iter("circle"))
    assert len(circles) == 2 * rounds + 2
    for circle in circles:
        assert 0 <= float(circle.attrib["cx"]) <= width
        assert 0 <= float(circle.attrib["cy"]) <= height


def test_lower_on_the_curve_is_nearer() -> None:
    story = painted_story(rounds=3)
    text = write_page(story)
    for side in ("with", "without"):
        match = re.search(rf'<polyline class="{side}" points="([^"]+)"', text)
        assert match
        heights = [-float(point.split(",")[1]) for point in match.group(1).split()]
        means = [getattr(c, f"{side}_feedback").mean for c in story.chapters]
        assert np.argsort(heights).tolist() == np.argsort(means).tolist()


def test_an_unfinished_story_says_so() -> None:
    story = painted_story(rounds=3)
    assert "ended before all 3 rounds" in write_page(Story(story.plan, story.chapters[:2]))
    assert "ended before" not in write_page(story)


def test_a_story_without_chapters_is_refused() -> None:
    with pytest.raises(ValueError, match="no finished round"):
        write_page(Story(Plan(taste=Taste.parse("green")), ()))

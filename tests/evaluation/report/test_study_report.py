"""The page: well-formed, self-contained, escaped, complete."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from fabric_widget.evaluation.report.study_report import write_report
from fabric_widget.evaluation.report.study_summary import summarize
from tests.evaluation.report.test_page import Page
from tests.evaluation.study.conftest import PREFERENCE, TARGET, records

if TYPE_CHECKING:
    from fabric_widget.evaluation.study.settings import Settings

METHODS = ("none", "paper-0.8", "ours")


def written(settings: Settings, methods: tuple[str, ...] = METHODS, count: int = 2) -> str:
    found = records(settings, methods, count)
    return write_report(settings, summarize(found, methods), found)


@pytest.mark.parametrize("settings", [PREFERENCE, TARGET], ids=["preference", "target"])
def test_it_is_well_formed_and_nothing_is_fetched(settings: Settings) -> None:
    text = written(settings)
    page = Page(text)
    references = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "data"}
    ]
    assert references
    assert all(r and r.startswith(("data:image/webp;base64,", "#")) for r in references)
    for forbidden in ("url(", "@import", "http:", "https:", "<script", "<link"):
        assert forbidden not in text


def test_every_picture_of_the_prompts_shown_is_there_with_its_vote() -> None:
    found = records(TARGET, METHODS, 2)
    page = Page(write_report(TARGET, summarize(found, METHODS), found))
    images = page.all("img")
    assert len(images) == 2 + 2 * len(METHODS) * TARGET.rounds * TARGET.images
    for image in images:
        data = base64.b64decode((image["src"] or "").removeprefix("data:image/webp;base64,"))
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (64, 64)
    votes = sum(s != 0 for r in found for made in r["rounds"] for s in made["strengths"])
    assert sum((i["alt"] or "").endswith(("liked", "disliked")) for i in images) == votes


def test_the_voter_is_marked_where_it_reports() -> None:
    asked = replace(PREFERENCE, voter="luminance", scorers=("luminance", "reader"))
    assert "votes itself" in written(asked)
    assert "votes itself" not in written(replace(asked, scorers=("reader",)))


def test_identifiers_are_unique() -> None:
    page = Page(written(replace(PREFERENCE, frechet="reader")))
    names = [a["id"] for _, a in page.tags if "id" in a]
    assert len(names) == len(set(names))


def test_words_are_escaped() -> None:
    found = records(PREFERENCE, METHODS, 1)
    summary = summarize(found, METHODS)
    for record in found:
        record["prompt"] = record["wish"] = "<b>fish & 'chips'"
    assert "<b>" not in write_report(PREFERENCE, summary, found)


def test_a_single_method_and_a_single_round_are_enough() -> None:
    Page(written(replace(PREFERENCE, rounds=1), ("none",), 1))


def test_of_many_methods_few_have_bands() -> None:
    text = written(PREFERENCE, ("none", "paper-0.1", "paper-0.3", "paper-0.8", "random", "ours"), 1)
    assert "drawn for none and ours" in text
    assert "drawn for" not in written(PREFERENCE)

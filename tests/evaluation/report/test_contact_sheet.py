"""The contact sheet: what is drawn where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import ImageColor

from fabric_widget.evaluation.people.tastes import Taste
from fabric_widget.evaluation.report import thumb_icon
from fabric_widget.evaluation.report.contact_sheet import draw_sheet
from fabric_widget.evaluation.report.story import Story
from fabric_widget.evaluation.report.story_plan import Plan
from tests.evaluation.painting import painted_story

if TYPE_CHECKING:
    from PIL import Image


def marked(sheet: Image.Image, color: str) -> np.ndarray[Any, Any]:
    """Return where the sheet has exactly this colour."""
    where: np.ndarray[Any, Any] = (np.asarray(sheet) == ImageColor.getrgb(color)).all(-1)
    return where


@pytest.mark.parametrize("images", [2, 4, 5, 16])
def test_every_vote_is_a_badge_on_the_side_with_feedback(images: int) -> None:
    story = painted_story(images=images, rounds=2)
    sheet = draw_sheet(story)
    for color in (thumb_icon.GREEN, thumb_icon.RED):
        where = marked(sheet, color)
        between = int(sheet.width * 0.57)  # the labels of the rows stand on the left
        assert where[:, :between].sum() > 1000
        assert not where[:, between:].any()


def test_without_votes_there_are_no_badges() -> None:
    story = painted_story(rounds=1)
    plain = story.chapters[0].without_feedback
    silent = Story(story.plan, (type(story.chapters[0])(1, plain, plain),))
    sheet = draw_sheet(silent)
    assert not marked(sheet, thumb_icon.GREEN).any()
    assert not marked(sheet, thumb_icon.RED).any()


def test_every_round_adds_a_row() -> None:
    heights = [draw_sheet(painted_story(rounds=rounds)).height for rounds in (1, 2, 3)]
    assert heights[1] - heights[0] == heights[2] - heights[1] > 192


def test_thumbs_up_and_down_point_apart() -> None:
    up = max(thumb_icon.HAND, key=lambda point: -point[1])
    assert up[1] < thumb_icon.SIDE / 4


def test_the_same_story_gives_the_same_picture() -> None:
    assert (
        draw_sheet(painted_story(rounds=1)).tobytes()
        == draw_sheet(painted_story(rounds=1)).tobytes()
    )


def test_long_words_are_made_to_fit() -> None:
    story = painted_story(rounds=1, images=2)
    wordy = replace(story.plan, prompt="a monster, and " * 30)
    sheet = draw_sheet(Story(wordy, story.chapters))
    margin = np.asarray(sheet)[:190, -20:]
    assert (margin == margin[0, 0]).all()


def test_an_unfinished_story_is_drawn_as_far_as_it_goes() -> None:
    story = painted_story(rounds=3)
    begun = Story(story.plan, story.chapters[:1])
    assert draw_sheet(begun).height < draw_sheet(story).height


def test_a_story_without_chapters_is_refused() -> None:
    with pytest.raises(ValueError, match="no finished round"):
        draw_sheet(Story(Plan(taste=Taste.parse("green")), ()))

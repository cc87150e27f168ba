"""Drafts, finished and enlarged pictures: the same picture, in full or larger, with its votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fabric_widget.engine import Fabric, FabricError, GenerationCancelled, HiRes, Progress
from fabric_widget.session import Session
from fabric_widget.session.remaking import full_steps
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

GUIDANCE: dict[str, Any] = {"guidance_scale": 4.0}


@pytest.fixture
def session() -> Session:
    """Return a session with a like and a round of drafts that followed it."""
    session = Session(Fabric(tiny.pipeline()))
    first = session.generate("abc", num_images=1, num_inference_steps=2, **GUIDANCE)
    session.like(first[0])
    session.draft(num_images=3, num_inference_steps=6, **GUIDANCE)
    return session


def test_drafts_take_a_third_of_the_steps(session: Session) -> None:
    drafts = session.rounds[-1]
    assert len(drafts) == 3
    assert drafts[0].settings["num_inference_steps"] == 2
    assert (session.turns[-1].kind, session.turns[-1].full_steps) == ("drafts", 6)
    assert [recipe.words != "" for recipe in drafts.recipes] == [True] * 3


def test_a_finished_draft_is_the_picture_that_a_round_in_full_makes(session: Session) -> None:
    drafts = session.rounds[-1]
    (made,) = session.finish(drafts[1])
    (wanted,) = session.fabric(
        drafts.prompt,
        num_images=1,
        seed=drafts[1].seed,
        plan=[drafts.recipes[1]],
        num_inference_steps=6,
        **GUIDANCE,
    )
    assert made == wanted
    assert made != drafts[1]
    turn = session.turns[-1]
    assert (turn.kind, turn.parent, turn.full_steps) == ("finished", 1, None)


def test_what_was_said_of_a_draft_is_said_of_the_finished_picture(session: Session) -> None:
    draft = session.rounds[-1][0]
    session.like(draft, 0.5)
    session.like(draft, aspect="colors")
    before = session.votes
    (made,) = session.finish(draft)
    said = [vote for vote in session._history.present.votes if vote.id == made.id]
    assert [(vote.strength, vote.aspect) for vote in said] == [(0.5, "all"), (1.0, "colors")]
    assert draft.id not in session.strengths
    assert len(session.votes) == len(before)
    assert session.undo()  # one act
    assert session.votes == before
    assert session.turns[-1].kind == "drafts"


def test_drafts_survive_a_folder(session: Session, tmp_path: Path) -> None:
    session.save(tmp_path / "s")
    opened = Session.open(tmp_path / "s", session.fabric)
    draft = opened.rounds[-1][2]
    assert opened.turns[-1].full_steps == 6
    assert opened.finish(draft)[0] == session.finish(session.rounds[-1][2])[0]


def test_a_single_step_is_no_draft_and_needs_to_know_what_is_to_change() -> None:
    session = Session(Fabric(tiny.pipeline()))
    made = session.draft("abc", num_images=2, num_inference_steps=1, **GUIDANCE)
    assert session.turns[-1].kind == "round"
    with pytest.raises(ValueError, match="no draft: give what is to be different"):
        session.finish(made[0])
    assert session.finish(made[0], num_inference_steps=2)[0].settings["num_inference_steps"] == 2
    assert len(session.turns) == 2


def test_a_finished_picture_has_the_steps_of_the_pipeline_unless_others_are_given(
    fabric: Any,
) -> None:
    session = Session(fabric)
    fabric.pipe = tiny.pipeline()
    fabric.defaults = {}
    session.draft("abc")
    assert fabric.requests[-1]["num_images"] == 12
    assert fabric.requests[-1]["num_inference_steps"] == 16
    assert session.turns[-1].full_steps == 50  # the pipeline's own
    fabric.defaults = {"num_inference_steps": 9}
    assert full_steps(fabric, None) == 9


@pytest.mark.parametrize("steps", [0, -1, 2.5, "6", True])
def test_steps_of_a_finished_picture_are_a_number(steps: Any, session: Session) -> None:
    with pytest.raises(ValueError, match="give the steps of a finished picture"):
        session.draft(num_inference_steps=steps)


def test_an_enlarged_picture_is_larger_and_takes_the_votes_over(session: Session) -> None:
    small = session.rounds[-1][0]
    session.like(small, part="subject")
    (large,) = session.enlarge(small, scale=2)
    assert large.image.size == tuple(2 * side for side in small.image.size)
    assert session.turns[-1].kind == "enlarged"
    assert large.settings["num_inference_steps"] == 6  # of a draft, those of a finished picture
    assert [vote.part and vote.part.name for vote in session._history.present.votes][
        -1
    ] == "subject"
    assert session._history.present.votes[-1].id == large.id
    with pytest.raises(FabricError, match="look at the one it was made from"):
        session.look(large)
    assert session.look(small) is not None


def test_a_picture_that_is_being_enlarged_can_be_cancelled(session: Session) -> None:
    before = session.turns
    steps: list[int] = []

    def stop(progress: Progress) -> None:
        steps.append(progress.step)
        session.cancel()

    with pytest.raises(GenerationCancelled):
        session.enlarge(session.rounds[-1][0], on_step=stop)
    assert steps == [1]
    assert session.turns == before
    assert session.enlarge(session.rounds[-1][0])  # the next one is not cancelled


def test_an_enlarged_picture_follows_what_the_picture_followed(session: Session) -> None:
    drafts = session.rounds[-1]
    index = next(i for i, recipe in enumerate(drafts.recipes) if recipe.liked)
    one_pass: Any = session.fabric
    second = HiRes(one_pass)
    (plain,) = second.enlarge([drafts[index]])
    (large,) = session.enlarge(drafts[index])
    assert not np.array_equal(np.asarray(plain.image), np.asarray(large.image))
    assert [vote.id for vote in session.turns[-1].round.recipes[0].liked] == [
        vote.id for vote in drafts.recipes[index].liked
    ]


def test_what_no_round_made_or_two_passes_made_is_refused(session: Session) -> None:
    stranger = session.fabric("xyz", num_images=1, num_inference_steps=1, seed=99)[0]
    for act in (session.finish, session.enlarge):
        with pytest.raises(ValueError, match="no round of this session made this picture"):
            act(stranger)
    twice = Session(HiRes(session.fabric))  # type: ignore[arg-type]
    with pytest.raises(FabricError, match="enlarged already"):
        twice.enlarge(stranger)

"""Examples of votes, uploads, seeds and errors."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from fabric_widget.engine import BadReference, Fabric, FabricError, GenerationCancelled, Schedule
from fabric_widget.session import Session
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.engine import Progress, Round


def test_liking_the_disliked_flips_the_vote(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate("a monster")
    session.dislike(made[0], 2)
    session.like(made[0])
    assert session.liked == ((made[0], 1.0),)
    assert session.disliked == ()


def test_a_negative_like_is_a_dislike_and_a_negative_dislike_a_like(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0], -0.5)
    session.dislike(made[1], -0.5)
    assert session.disliked == ((made[0], 0.5),)
    assert session.liked == ((made[1], 0.5),)


def test_the_same_picture_has_one_vote_however_it_is_given(fabric: Any, tmp_path: Path) -> None:
    session = Session(fabric)
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    session.like(path)
    session.like(str(path), 0.5)
    session.dislike(pixels)
    session.like(Image.fromarray(pixels), 2)
    ((picture, strength),) = session.votes
    assert strength == 2
    assert np.array_equal(np.asarray(picture), pixels)


def test_an_upload_is_read_when_it_is_voted_on(fabric: Any, tmp_path: Path) -> None:
    session = Session(fabric)
    path = tmp_path / "photo.png"
    Image.new("RGB", (4, 4), "red").save(path)
    session.like(path)
    path.unlink()
    session.generate()
    ((picture, _),) = fabric.requests[-1]["liked"]
    assert picture.getpixel((0, 0)) == (255, 0, 0)


def test_a_vote_that_changes_nothing_is_no_act(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0])
    session.like(made[0])
    session.clear(made[1])
    session.like(made[1], 0)
    assert session.undo()
    assert session.votes == ()
    assert len(session.rounds) == 1


def test_a_new_act_forgets_what_was_taken_back(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0])
    session.undo()
    session.like(made[1])
    assert not session.redo()
    assert session.liked == ((made[1], 1.0),)


@pytest.mark.parametrize("strength", [2.001, -3, float("nan"), float("inf"), "1", None, True])
def test_a_strength_out_of_range_is_refused_and_nothing_is_lost(fabric: Any, strength: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0])
    before = session.votes
    with pytest.raises(BadReference, match="from -2 to 2"):
        session.like(made[1], strength)
    assert session.votes == before


@pytest.mark.parametrize("act", ["like", "dislike", "clear"])
@pytest.mark.parametrize("image", [7, object(), (1, 2), {"seed": 1}, "no such file.png"])
def test_what_is_no_picture_is_refused(fabric: Any, act: str, image: Any) -> None:
    session = Session(fabric)
    with pytest.raises(BadReference):
        getattr(session, act)(image)
    assert session.votes == ()
    assert not session.undo()


def test_rounds_continue_the_seeds_past_explicit_ones(fabric: Any) -> None:
    session = Session(fabric, seed=10)
    session.generate(num_images=3)
    session.generate(num_images=2)
    session.generate(num_images=2, seed=100)
    session.generate(num_images=2, seed=11)
    session.generate()
    assert [r["seed"] for r in fabric.requests] == [10, 13, 100, 11, 102]


def test_the_prompt_is_remembered_and_taken_back_with_its_round(fabric: Any) -> None:
    session = Session(fabric)
    session.generate("a monster")
    session.generate()
    session.generate("a fish")
    session.undo()
    assert session.prompt == "a monster"
    session.generate("")
    assert [r["prompt"] for r in fabric.requests] == ["a monster", "a monster", "a fish", ""]


def test_schedule_and_pipeline_arguments_reach_the_fabric(fabric: Any) -> None:
    schedule = Schedule(end=0.5)
    Session(fabric, schedule=schedule).generate(num_inference_steps=7, guidance_scale=3.0)
    request = fabric.requests[-1]
    assert request["schedule"] is schedule
    assert request["num_inference_steps"] == 7
    assert request["guidance_scale"] == 3.0


@pytest.mark.parametrize("failure", [GenerationCancelled("at step 2"), KeyboardInterrupt()])
def test_a_round_that_fails_leaves_the_session_as_it_was(
    fabric: Any, failure: BaseException
) -> None:
    session = Session(fabric)
    made = session.generate("a monster")
    session.like(made[0])
    before = session.rounds, session.votes, session.prompt
    fabric.failure = failure
    with pytest.raises(type(failure)):
        session.generate("a fish")
    assert (session.rounds, session.votes, session.prompt) == before
    assert session.generate()[0].seed == 4


def test_a_vote_cast_during_a_round_is_kept_and_counts_in_the_next(fabric: Any) -> None:
    session = Session(fabric)
    first = session.generate()
    plain = fabric.__call__

    class Voting:
        plan = fabric.plan

        def __call__(self, *args: Any, **kwargs: Any) -> Round:
            voter = threading.Thread(target=session.like, args=(first[0],))
            voter.start()
            voter.join()
            made: Round = plain(*args, **kwargs)
            return made

    session.fabric = Voting()  # type: ignore[assignment]
    session.generate()
    assert fabric.requests[-1]["liked"] == ()
    assert session.liked == ((first[0], 1.0),)
    assert len(session.rounds) == 2


def test_a_session_says_what_it_holds(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0])
    assert repr(session) == "Session(rounds=1, liked=1, disliked=0)"


def test_a_branch_brings_prompt_and_votes_back_and_drops_no_round(fabric: Any) -> None:
    session = Session(fabric)
    first = session.generate("a monster")
    session.like(first[0])
    second = session.generate("a fish")
    session.like(second[1])
    third = session.generate()
    session.branch(1)
    assert (session.prompt, session.votes, session.current) == ("a fish", ((first[0], 1.0),), 1)
    fourth = session.generate()
    assert session.rounds == (first, second, third, fourth)
    assert [turn.parent for turn in session.turns] == [None, 0, 1, 1]
    assert fourth[0].seed == 12


def test_undo_names_what_it_would_take_back(fabric: Any) -> None:
    session = Session(fabric)
    assert (session.undoable, session.redoable) == ("", "")
    made = session.generate("a monster")
    session.generate("a fish")
    session.branch(0)
    session.like(made[0])
    told = []
    while session.undoable:
        told.append(session.undoable)
        session.undo()
        assert session.redoable == told[-1]
    assert told == ["vote", "branch", "round", "round"]


@pytest.mark.parametrize("index", [-1, 1, 7])
def test_a_branch_from_a_round_that_is_not_there_is_refused(fabric: Any, index: int) -> None:
    session = Session(fabric)
    with pytest.raises(ValueError, match="no rounds yet"):
        session.branch(index)
    session.generate()
    with pytest.raises(ValueError, match="from 0 to 0"):
        session.branch(index)


def test_votes_on_unknown_pictures_change_nothing(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.like(made[0])
    before = session.votes
    with pytest.raises(BadReference, match="'nobody'"):
        session.vote({made[1].id: 1.0, "nobody": -1.0})
    with pytest.raises(BadReference, match="from -2 to 2"):
        session.vote({made[1].id: 1.0, made[2].id: 3.0})
    assert session.votes == before


def test_many_votes_at_once_are_one_act(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate()
    session.vote({made[3].id: -0.5, made[1].id: 2.0, made[0].id: 0})
    assert session.votes == ((made[3], -0.5), (made[1], 2.0))
    session.undo()
    assert not session.votes


def test_an_upload_can_be_voted_for_again_by_its_id(fabric: Any) -> None:
    session = Session(fabric)
    name = session.like(np.zeros((2, 2, 3), np.uint8))
    session.clear()
    session.vote({name: 0.5})
    assert session.strengths == {name: 0.5}


@pytest.mark.parametrize("size", [0, -2])
def test_an_impossible_batch_size_is_refused(fabric: Any, size: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Session(fabric).generate(batch_size=size)


def test_batches_tell_their_progress_and_pictures_as_one_round() -> None:
    told: list[tuple[int, int, int, int]] = []
    finished: list[tuple[int, int]] = []
    made = Session(Fabric(tiny.pipeline())).generate(
        "abc",
        num_images=3,
        batch_size=2,
        num_inference_steps=2,
        on_step=lambda p: told.append((p.step, p.steps, p.first, len(p.previews()))),
        on_images=lambda first, images: finished.append((first, len(images))),
    )
    assert told == [(1, 4, 0, 2), (2, 4, 0, 2), (3, 4, 2, 1), (4, 4, 2, 1)]
    assert finished == [(0, 2), (2, 1)]
    assert [image.seed for image in made] == [0, 1, 2]


def test_batches_draw_the_pictures_of_one_batch_up_to_rounding() -> None:
    whole = Fabric(tiny.pipeline())("abc", num_images=3, num_inference_steps=3)
    parts = Session(Fabric(tiny.pipeline())).generate(
        "abc", num_images=3, batch_size=2, num_inference_steps=3
    )
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one.latents, other.latents, rtol=1e-4, atol=1e-4)


def way(session: Session) -> list[bytes]:
    """Vote through three rounds and return all pixels."""
    for prompt in ("abc", None, "xyz"):
        made = session.generate(prompt, num_images=2, num_inference_steps=2, guidance_scale=4.0)
        session.like(made[1])
        session.dislike(made[0], 0.5)
    return [image.image.tobytes() for made in session.rounds for image in made]


def test_same_seeds_and_votes_give_the_same_pixels() -> None:
    first = way(Session(Fabric(tiny.pipeline()), seed=5))
    assert way(Session(Fabric(tiny.pipeline()), seed=5)) == first
    assert way(Session(Fabric(tiny.pipeline()), seed=6)) != first


def test_a_round_taken_back_is_made_again_to_the_bit_by_a_real_pipeline() -> None:
    session = Session(Fabric(tiny.pipeline()))
    pixels = way(session)
    session.undo()
    session.undo()
    session.undo()
    session.generate("xyz", num_images=2, num_inference_steps=2, guidance_scale=4.0)
    assert [i.image.tobytes() for made in session.rounds for i in made] == pixels


def test_votes_change_the_pictures_of_the_next_round() -> None:
    fabric = Fabric(tiny.pipeline())
    session = Session(fabric)
    way(session)
    last = session.rounds[-1]
    plain = fabric("xyz", num_images=2, seed=last.seed, num_inference_steps=2, guidance_scale=4.0)
    assert [i.image.tobytes() for i in plain] != [i.image.tobytes() for i in last]


def test_a_cancelled_round_of_a_real_pipeline_leaves_the_session_as_it_was() -> None:
    fabric = Fabric(tiny.pipeline())
    session = Session(fabric)

    def cancel(_: Progress) -> None:
        fabric.cancel()

    with pytest.raises(FabricError):
        session.generate("abc", num_images=1, num_inference_steps=3, on_step=cancel)
    assert session.rounds == ()
    assert len(session.generate("abc", num_images=1, num_inference_steps=2)) == 1

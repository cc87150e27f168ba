"""How much votes mattered: kept of every round, and looked into for any picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image

from fabric_widget.engine import Everything, Fabric, FabricError, HiRes, Lens, Schedule
from fabric_widget.session import Session
from fabric_widget.session.session import CONTRIBUTIONS
from fabric_widget.zoo import tiny

QUICK: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 4.0}


@pytest.fixture
def session() -> Session:
    """Return a session with a round that followed a like and a dislike."""
    session = Session(Fabric(tiny.pipeline(), plan=Everything()), schedule=Schedule(end=1))
    first = session.generate("abc", **QUICK)
    session.like(first[0])
    session.dislike(first[1], 0.5)
    session.generate(**QUICK)
    return session


def test_every_round_tells_how_much_each_vote_mattered(session: Session) -> None:
    first, second = session.rounds
    assert first.contributions == {}
    assert set(second.contributions) == set(session.strengths)
    assert all(0 < share < 1 for share in second.contributions.values())


def test_recording_changes_no_picture(session: Session) -> None:
    last = session.rounds[-1]
    session.lens = None
    again = session.generate(**QUICK, seed=last.seed)
    assert again.contributions == {}
    assert again.images == last.images


def test_a_round_without_votes_is_recorded_by_nobody(fabric: Any) -> None:
    session = Session(fabric)
    session.like(session.generate("abc")[0])
    session.generate()
    assert [request["lens"] for request in fabric.requests] == [None, CONTRIBUTIONS]


def test_batches_count_by_their_pictures(fabric: Any) -> None:
    class Telling:
        plan = fabric.plan

        def __call__(self, *args: Any, num_images: int, **others: Any) -> Any:
            made = fabric(*args, num_images=num_images, **others)
            return replace(made, contributions={"a": 0.1 * num_images})

    session = Session(Telling())  # type: ignore[arg-type]
    made = session.generate("abc", num_images=3, batch_size=2)
    assert made.contributions == {"a": pytest.approx((0.2 * 2 + 0.1) / 3)}


def test_a_look_adds_nothing_and_has_the_votes_of_its_time(session: Session) -> None:
    made = session.rounds[-1]
    session.clear()
    turns, votes, undoable = session.turns, session.strengths, session.undoable
    told: list[int] = []
    influence = session.look(made[1], on_step=lambda progress: told.append(progress.step))
    assert influence is not None
    assert {seen.id: seen.strength for seen in influence.references} == {
        vote.id: vote.strength for vote in turns[1].votes
    }
    assert told == [1, 2]
    assert (session.turns, session.strengths, session.undoable) == (turns, votes, undoable)


def test_a_look_makes_the_same_picture(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    made = session.rounds[-1][1]
    seen: list[Any] = []
    call = Fabric.__call__

    def noting(fabric: Fabric, *args: Any, **arguments: Any) -> Any:
        seen.append(call(fabric, *args, **arguments))
        return seen[-1]

    monkeypatch.setattr(Fabric, "__call__", noting)
    session.schedule = Schedule(max_weight=0.1)  # that of another round
    session.look(made, lens=Lens(image=7))
    [[again]] = seen
    assert torch.allclose(again.latents, made.latents, atol=1e-4)


def test_looks_of_all_pictures_have_the_mean_that_the_round_has(session: Session) -> None:
    made = session.rounds[-1]
    each = [session.look(image, lens=CONTRIBUTIONS) for image in made]
    for name, share in made.contributions.items():
        shares = [influence.contributions[name] for influence in each if influence is not None]
        assert sum(shares) / len(made) == pytest.approx(share, abs=2e-3)


def test_a_picture_without_votes_has_no_influence(session: Session) -> None:
    assert session.look(session.rounds[0][0]) is None


def test_what_cannot_be_looked_into(session: Session) -> None:
    picture: Any = Image.new("RGB", (16, 16))
    with pytest.raises(ValueError, match=r"give one of session\.rounds"):
        session.look(picture)
    not_a_lens: Any = {"image": 0}
    with pytest.raises(TypeError, match="lens is a dict: give a Lens"):
        session.look(session.rounds[0][0], lens=not_a_lens)


def test_two_passes_tell_of_the_first_and_are_not_looked_into() -> None:
    two: Any = HiRes(Fabric(tiny.pipeline(), schedule=Schedule(end=1)))
    session = Session(two)
    session.like(session.generate("abc", **QUICK)[0])
    made = session.generate(**QUICK)
    assert set(made.contributions) == set(session.strengths)
    with pytest.raises(FabricError, match="give the session a Fabric"):
        session.look(made[0])

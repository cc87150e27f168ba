"""More like one picture: a round that follows it alone, and is a round like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from fabric_widget import load_demo
from fabric_widget.engine import Fabric, MoreLike
from fabric_widget.session import Session
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.engine import GeneratedImage, Round

QUICK: dict[str, Any] = {"num_images": 4, "num_inference_steps": 2, "guidance_scale": 4.0}


@pytest.fixture
def session() -> Session:
    """Return a session with a round and votes on others than its second picture."""
    session = Session(Fabric(tiny.pipeline()))
    first = session.generate("abc", **QUICK)
    session.like(first[0])
    session.dislike(first[3])
    return session


def test_every_picture_follows_it_and_votes_stay(session: Session) -> None:
    first, votes = session.rounds[0], session.strengths
    made = session.more_like(first[1], **QUICK)
    assert [recipe.sources for recipe in made.recipes] == [(first[1].id,)] * 4
    assert session.strengths == votes
    assert made.contributions.keys() == {first[1].id}
    turn = session.turns[-1]
    assert (turn.kind, turn.parent, turn.strengths) == ("round", 0, votes)
    assert made.prompt == "abc"


def test_its_pictures_do_not_depend_on_the_votes(session: Session) -> None:
    made = session.more_like(session.rounds[0][1], **QUICK)
    session.undo()
    session.clear()
    again = session.more_like(session.rounds[0][1], **QUICK, seed=made.seed)
    assert again.images == made.images


def test_it_is_taken_back_and_survives_a_folder(session: Session, tmp_path: Path) -> None:
    made = session.more_like(session.rounds[0][1], **QUICK)
    session.save(tmp_path / "s")
    opened = Session.open(tmp_path / "s", session.fabric)
    replayed = opened.fabric(
        made.prompt, num_images=4, seed=made.seed, plan=opened.rounds[-1].recipes, **made.settings
    )
    assert replayed.images == made.images
    assert session.undo()
    assert len(session.rounds) == 1
    assert session.redo()
    assert session.rounds[-1].images == made.images


def test_it_is_looked_into_though_nothing_was_voted_on(session: Session) -> None:
    session.clear()
    made = session.more_like(session.rounds[0][1], **QUICK)
    influence = session.look(made[0])
    assert influence is not None
    assert [reference.id for reference in influence.references] == [session.rounds[0][1].id]


def test_only_pictures_of_the_session_have_more_like_them(session: Session) -> None:
    stranger = session.fabric("abc", num_images=1, seed=99, num_inference_steps=2)[0]
    for picture in (stranger, Image.new("RGB", (8, 8))):
        with pytest.raises(ValueError, match="no round of this session made this picture"):
            session.more_like(picture, **QUICK)  # type: ignore[arg-type]
    assert len(session.rounds) == 1


def distance(pictures: Round, other: GeneratedImage) -> float:
    """Return the mean distance of pictures to one in pixels, 0 … 255."""
    target = np.asarray(other.image, float)
    return float(np.mean([np.abs(np.asarray(one.image, float) - target) for one in pictures]))


def test_the_demo_models_pictures_are_like_it() -> None:
    fabric = Fabric(load_demo())
    arguments: dict[str, Any] = {"num_images": 4, "num_inference_steps": 8}
    wanted = fabric("a monster", **arguments, seed=3)[0]
    plain = fabric("a monster", **arguments, seed=40)
    alike = fabric("a monster", **arguments, seed=40, plan=MoreLike(wanted))
    assert distance(alike, wanted) < 0.8 * distance(plain, wanted)

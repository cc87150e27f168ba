"""A style is votes under a name: the same elsewhere, and encoded anew where latents do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image

from fabric_widget.engine import Fabric, Schedule
from fabric_widget.session import Session, SessionFileError, Style
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

QUICK: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 3.0}


@pytest.fixture
def voted() -> Session:
    session = Session(Fabric(tiny.pipeline()), schedule=Schedule(end=1))
    first = session.generate("abc", **QUICK)
    session.like(first[0], 1.5, aspect="colors")
    session.dislike(first[1], part=(1, 2, 9, 8), in_place=False)
    session.like(Image.new("RGB", (20, 30), "blue"), part="subject")
    return session


def test_a_style_does_elsewhere_what_the_votes_do_here(voted: Session, tmp_path: Path) -> None:
    voted.style("ink").save(tmp_path / "ink.fabric-style")
    style = Style.open(tmp_path / "ink.fabric-style")
    assert (style.name, len(style), repr(style)) == ("ink", 3, "Style(name='ink')")
    other = Session(Fabric(tiny.pipeline()), seed=5, schedule=Schedule(end=1))
    other.use(style)
    assert other.strengths == voted.strengths
    made = other.generate("def", **QUICK)
    known = voted.generate("def", seed=5, **QUICK)
    plainly = other.fabric("def", seed=5, liked=style, schedule=other.schedule, **QUICK)
    for one, two, three in zip(made, known, plainly, strict=True):
        assert torch.equal(one.latents, two.latents)
        assert torch.equal(one.latents, three.latents)
    other.undo()
    assert other.undo()
    assert not other.strengths


def test_pictures_are_encoded_anew_where_latents_mean_something_else(
    voted: Session, tmp_path: Path
) -> None:
    voted.style("ink").save(tmp_path / "ink.fabric-style")
    style = Style.open(tmp_path / "ink.fabric-style")
    pipe = tiny.pipeline()
    pipe.vae.decoder.conv_out.weight.data.neg_()
    other = Session(Fabric(pipe), schedule=Schedule(end=1))
    assert style.fits(voted.fabric)
    assert not style.fits(other.fabric)
    other.use(style)
    assert all(isinstance(picture, Image.Image) for picture, _ in other.votes)
    assert list(other.strengths.values()) == list(voted.strengths.values())
    assert len(other.generate("def", **QUICK)) == 2


def test_votes_about_the_same_are_replaced(voted: Session) -> None:
    style = voted.style("ink")
    voted.like(voted.rounds[0][0], 0.5, aspect="colors")
    before = voted.strengths
    voted.use(style)
    assert list(voted.strengths) == list(style_keys(style))
    assert voted.undo()
    assert voted.strengths == before


def style_keys(style: Style) -> dict[str, float]:
    from fabric_widget.session.votes import strengths_of

    return strengths_of(style.votes)


def test_a_style_of_nothing_is_refused(tmp_path: Path) -> None:
    session = Session(Fabric(tiny.pipeline()))
    with pytest.raises(ValueError, match="like some pictures first"):
        session.style("ink")
    with pytest.raises(SessionFileError, match="there is no session"):
        Style.open(tmp_path / "ink.fabric-style")


def test_the_votes_of_a_session_are_a_style_too(voted: Session, tmp_path: Path) -> None:
    voted.save(tmp_path / "cats.fabric")
    style = Style.open(tmp_path / "cats.fabric")
    assert (style.name, style_keys(style)) == ("cats", voted.strengths)
    assert style.fits(voted.fabric)

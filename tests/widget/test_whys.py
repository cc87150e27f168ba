"""Votes on something of a picture: every way that they travel, none loses what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traitlets import TraitError

from fabric_widget.engine import Everything, Explore, Fabric
from fabric_widget.session import Session
from fabric_widget.widget.images.contact_sheet import caption, contact_sheet
from fabric_widget.zoo import tiny
from tests.widget.fakes import Front, Studio, controls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.engine import Round
    from fabric_widget.widget import FabricWidget

WHYS = ("colors", "form", "subject", "background")
QUICK: dict[str, Any] = {"auto": False, "num_images": 4, "steps": 2}


def names(front: Front) -> list[str]:
    return [image["id"] for image in front.state["round"]["images"]]


def said(front: Front) -> dict[str, float]:
    """Return votes of many kinds on the pictures of the round that is shown."""
    first, second, third, *_ = names(front)
    return {f"{first}:colors": 1.0, f"{first}:subject": 0.5, second: 2.0, f"{third}:form": -1.0}


@pytest.mark.parametrize("why", WHYS)
def test_the_next_round_follows_what_the_page_said(
    make: Callable[..., FabricWidget], front: Front, why: str
) -> None:
    widget = make(tiny.pipeline(), **QUICK)
    widget.generate().result()
    name = names(front)[1]
    votes = {f"{name}:{why}": 1.5}
    front.call("generate", controls=controls(**QUICK), votes=votes)
    front.wait(lambda: len(front.state["history"]) == 2)
    shown = front.state["round"]
    assert shown["votes"] == widget.votes == votes
    words = f"{why} of {{{name}}}" if why in {"colors", "form"} else f"the {why} of {{{name}}}"
    assert {image["tries"] for image in shown["images"]} == {words}
    for recipe in widget.session.rounds[1].recipes:
        (vote,) = recipe.liked
        assert (vote.aspect, vote.part and vote.part.name, vote.strength) == (
            (why, None, 1.5) if why in {"colors", "form"} else ("all", why, 1.5)
        )


def test_no_vote_loses_what_it_is_about(
    make: Callable[..., FabricWidget], front: Front, tmp_path: Path
) -> None:
    widget = make(tiny.pipeline(), **QUICK)
    widget.generate().result()
    votes = said(front)
    front.set(votes=votes)
    assert front.state["votes"] == votes
    assert list(front.reload()["votes"].items()) == list(votes.items())
    widget.generate().result()
    row = front.state["history"][1]
    assert (row["liked"], row["disliked"]) == (2, 1)  # pictures
    front.set(votes={})
    front.call("undo")
    assert front.state["votes"] == votes
    front.call("redo")
    assert front.state["votes"] == {}
    front.call("branch", round=1)
    assert front.state["votes"] == votes
    widget.session.save(tmp_path / "saved")
    opened = Session.open(tmp_path / "saved", Fabric(tiny.pipeline()))
    again = make(opened, **QUICK)
    assert list(again.votes.items()) == list(votes.items())
    assert again.votes == front.state["round"]["votes"]


def test_changing_only_what_a_vote_is_about_is_a_change(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(auto=False)
    widget.generate().result()
    (first, _) = names(front)
    front.set(votes={f"{first}:colors": 1.0})
    front.set(votes={f"{first}:form": 1.0})
    assert widget.undo()
    assert front.state["votes"] == {f"{first}:colors": 1.0}
    assert widget.redo()
    assert front.state["votes"] == {f"{first}:form": 1.0}
    widget.votes = {f"{first}:background": -2}
    assert widget.session.strengths == {f"{widget.session.rounds[0][0].id}:background": -2.0}


def test_a_vote_with_a_why_is_small(make: Callable[..., FabricWidget], front: Front) -> None:
    widget = make(auto=False, num_images=16)
    widget.generate().result()
    votes = {f"{name}:{why}": 1.0 for name in names(front) for why in WHYS}
    front.forget()
    front.set(votes=votes)
    assert front.size() < 100 * len(votes)


WRONG = st.sampled_from(
    ["", ":", ":colors", "colors", ":all", ":colors:", ":colors:colors", ":subject:colors",
     ":anywhere", ":subject:anywhere:", ":0123456789ab", ":constructor", ":" * 5000, ":é\n"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=st.lists(WRONG | st.text(max_size=20), max_size=3))
def test_what_cannot_be_voted_on_is_told_and_the_rest_counts(
    widget: FabricWidget, front: Front, wrong: list[str]
) -> None:
    if widget.round is None:
        widget.generate().result()
    (first, second) = names(front)
    good = {f"{first}:colors": 1.0, f"{second}:subject:anywhere": -0.5}
    told_of = {name for one in wrong for name in (first + one, one)}
    bad = dict.fromkeys(told_of - {first, second, *good}, 1.0)
    front.set(votes=good | bad)
    assert widget.votes == front.state["votes"] == good
    told = (front.status["notice"] or {"text": ""})["text"]
    assert not bad or "No picture here is called" in told
    assert len(told) < 2000
    front.set(votes={})


def test_the_sheet_says_why(studio: Studio) -> None:
    made = studio("a fox", num_images=3, seed=3, on_step=None)
    first, second, third = (image.id for image in made)
    votes = {
        f"{first}:colors": 1.0,
        f"{first}:form:subject:anywhere": 0.5,
        second: 1.0,
        f"{third}:background": -1.0,
        f"{third}:0123456789abcdef": 1.0,
    }
    assert caption(made, votes) == (
        "3 pictures of “a fox”, seeds from 3; liked: 1 (colors, form of subject), 2, 3 (a part); "
        "disliked: 3 (background)"
    )
    plain, told = contact_sheet(made, {second: 1.0}, 640), contact_sheet(made, votes, 640)
    assert plain.width == told.width
    assert plain.height < told.height


@pytest.mark.parametrize(
    ("plan", "variety", "used"),
    [
        (None, 0.2, Explore(0.2)),
        (None, None, Explore()),
        (Explore(0.9), None, Explore(0.9)),
        (Everything(), 0.2, Everything()),
    ],
)
def test_rounds_are_as_wild_as_the_dial_says(
    make: Callable[..., FabricWidget],
    front: Front,
    monkeypatch: pytest.MonkeyPatch,
    plan: Any,
    variety: float | None,
    used: Any,
) -> None:
    session = Session(Fabric(tiny.pipeline()), plan=plan)
    widget = make(session, **QUICK)
    standing = getattr(used if plan else Explore(), "variety", None)
    assert front.state["info"]["variety"] == standing
    front.set(variety=variety)
    plans = []
    generate = Session.generate

    def noting(self: Session, *args: Any, **kwargs: Any) -> Round:
        plans.append(kwargs["plan"] or self.plan or self.fabric.plan)
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(Session, "generate", noting)
    widget.generate().result()
    assert plans == [used]


def test_a_dial_out_of_range_is_refused(widget: FabricWidget) -> None:
    widget.variety = 0.3
    for wrong in (-0.1, 1.5, "far"):
        with pytest.raises(TraitError):
            widget.set_trait("variety", wrong)
    assert widget.variety == 0.3

"""Where a subject is: found ahead of the round that borrows it, and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import BadReference
from fabric_widget.session import Session
from fabric_widget.widget.state.masks import mask_told

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Clock, Front, Studio

QUICK: dict[str, Any] = {"auto": False, "num_images": 2, "steps": 3}


def test_the_subject_is_found_once_and_used_by_the_next_round(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(None, prompt="a monster", **QUICK)
    made = widget.generate().result()
    before = widget.session.turns, widget.session.next_seed
    name = made[0].id[:12]
    assert front.call("subject", id=name)["mask"] is None
    front.wait(lambda: front.custom("subject"))
    ((told, _),) = front.custom("subject")
    assert told["id"] == name
    assert 0 < sum(told["mask"]["runs"][1::2]) < sum(told["mask"]["runs"])
    front.wait_phase("ready")
    assert (widget.session.turns, widget.session.next_seed) == before
    assert front.call("subject", id=name)["mask"] == told["mask"], "it is remembered"
    widget.like(0, part="subject")
    widget.generate().result()
    found = widget.session.subject(made[0].id)
    assert mask_told(found) == told["mask"]


def test_attention_that_does_not_tell_is_a_notice(
    front: Front, widget: FabricWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Session, identity: str) -> torch.Tensor:
        message = f"nothing is seen of {identity[:4]}"
        raise BadReference(message)

    monkeypatch.setattr(Session, "subject", refuse)
    made = widget.generate().result()
    assert front.call("subject", id=made[0].id[:12])["mask"] is None
    front.wait(lambda: front.custom("subject"))
    assert front.custom("subject")[0][0]["mask"] is None
    assert front.wait_phase("ready")["error"] is None
    assert "nothing is seen" in front.status["notice"]["text"]


def test_a_search_that_fails_says_how(
    front: Front, widget: FabricWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Session, identity: str) -> torch.Tensor:
        raise RuntimeError(identity)

    monkeypatch.setattr(Session, "subject", fail)
    made = widget.generate().result()
    front.call("subject", id=made[0].id[:12])
    front.wait(lambda: front.custom("subject"))
    assert front.wait_phase("error")["message"] == "The search for the subject failed."
    assert front.call("subject", id="nobody")["type"] == "failed"


def test_a_search_can_be_stopped(front: Front, widget: FabricWidget, studio: Studio) -> None:
    made = widget.generate().result()
    hold = studio.hold(1)
    front.call("generate", controls={}, votes={})
    hold.wait()
    front.call("subject", id=made[0].id[:12])
    front.call("cancel")
    hold.release()
    front.wait_phase("ready")
    assert widget._worker.current is None


def test_there_is_time_to_see_the_subject_before_votes_start_a_round(
    front: Front, widget: FabricWidget, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = widget.generate().result()
    name = made[0].id[:12]

    def slow(_: Session, __: str) -> torch.Tensor:
        clock.now += 10 * widget._debounce
        return torch.ones(2, 2)

    monkeypatch.setattr(Session, "subject", slow)
    front.set(votes={f"{name}:subject": 1})
    front.call("subject", id=name)
    front.wait(lambda: front.custom("subject"))
    assert front.custom("subject")[0][0]["mask"] == {"rows": 2, "columns": 2, "runs": [0, 4]}
    front.wait(lambda: widget._worker.current is None)
    assert front.status["pending"]
    assert len(front.state["history"]) == 1
    clock.now += widget._debounce
    widget._worker.wake()
    front.wait(lambda: len(front.state["history"]) == 2)

"""Where a subject is: found ahead of the round that borrows it, and shown."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.engine import BadReference, Fabric, HiRes, PipelineBusy
from fabric_widget.session import Session
from fabric_widget.widget.state.masks import mask_told
from fabric_widget.zoo import tiny
from tests.widget.fakes import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_reasons_that_cannot_work_are_known_before_they_are_offered(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    session = Session(Fabric(tiny.pipeline()))
    arguments: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 4.0}
    narrow = session.generate("abc", num_images=1, width=1024, height=8, **arguments)
    widget = make(session, auto=False, num_images=1)
    assert front.state["info"]["subjects"], "nothing is known yet"
    front.call("hello")
    flush(widget)
    assert not front.state["info"]["subjects"]
    with pytest.raises(BadReference, match="does not tell where the subject is"):
        session.subject(narrow[0].id)
    widget.width = widget.height = None
    made = widget.generate().result()
    flush(widget)
    assert front.state["info"]["subjects"], "pictures of another size tell"
    assert session.subject(made[0].id).any()


def test_a_page_that_opens_later_is_told_too(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    twice: Any = HiRes(Fabric(tiny.pipeline()))
    session = Session(twice)
    session.generate("abc", num_images=1, num_inference_steps=2, guidance_scale=4.0)
    widget = make(session)
    front.call("hello")
    flush(widget)
    assert not front.state["info"]["subjects"], "no subjects are looked for in two passes"


def test_what_cannot_be_found_out_is_offered(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Session, picture: object) -> bool:
        raise PipelineBusy(str(picture))

    monkeypatch.setattr(Session, "tells_subjects", fail)
    widget = make(tiny.pipeline(), prompt="abc", guidance=4.0, **QUICK)
    assert len(widget.generate().result()) == 2
    flush(widget)
    assert front.state["info"]["subjects"]


def flush(widget: FabricWidget) -> None:
    """Wait until the worker has done what was asked of it before."""
    done = threading.Event()
    widget._worker.call(done.set)
    widget._worker.pump()
    assert done.wait(PATIENCE)

"""LoRAs of a session: rounds that use them, undo, and files that remember them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget import Fabric, Session, TasteLoRA
from fabric_widget.engine import FabricError
from fabric_widget.lora import shelf
from fabric_widget.session.journal.deltas import delta_of, state_after
from fabric_widget.session.state import LoRAUse, State
from fabric_widget.zoo import tiny
from tests.lora.sessions import FEW, QUICK, session_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep LoRAs where nobody else looks."""
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "home"))


@pytest.fixture
def session() -> Session:
    """Return a session without votes that uses what it has baked, with all its might."""
    session = session_of(tiny.pipeline())
    lora = session.bake("ink", settings=replace(FEW, learning_rate=0.05), use=False)
    session.clear()
    session.use_lora(lora, 2.0)
    return session


def made(session: Session) -> Any:
    return session.generate("abc", num_images=1, seed=99, **QUICK)[0]


def test_rounds_have_it_until_it_is_taken_off(session: Session) -> None:
    with_it, lora = made(session), session.lora("ink")
    session.undo()
    assert (session.loras, session.undoable) == ({"ink": 2.0}, "lora")
    session.undo()
    assert (session.loras, session.redoable) == ({}, "lora")
    assert made(session) != with_it
    session.use_lora(lora, 2.0)
    assert made(session) == with_it


def test_baking_uses_what_was_baked_and_undo_takes_it_off() -> None:
    session = session_of(tiny.pipeline())
    lora = session.bake("ink", settings=FEW)
    assert session.loras == {"ink": 1.0}
    assert session.lora("ink") is lora
    session.undo()
    assert (session.loras, session.undoable) == ({}, "vote")


def test_rounds_of_a_compiled_pipeline_have_it(session: Session) -> None:
    pipe = tiny.pipeline()
    pipe.unet = torch.compile(pipe.unet, backend="eager")
    compiled = Session(Fabric(pipe), lens=None)
    compiled.generate("abc", num_images=1, seed=99, **QUICK)  # compiles, without it
    compiled.use_lora(session.lora("ink"), 2.0)
    assert made(compiled) == made(session)


def test_its_strength_is_an_act(session: Session) -> None:
    strong = made(session)
    session.use_lora("ink", 0.5)
    assert session.loras == {"ink": 0.5}
    assert made(session) != strong
    before = session.undoable
    session.use_lora("ink", 0.5)  # nothing new
    assert session.undoable == before
    session.use_lora("ink", 0)
    assert not session.loras
    with pytest.raises(ValueError, match="no LoRA in use is called 'ink'; in use: none"):
        session.use_lora("ink")


def test_finished_drafts_and_replays_have_what_their_round_had(session: Session) -> None:
    drafts = session.draft("abc", num_images=1, num_inference_steps=3, guidance_scale=4.0)
    lora = session.lora("ink")
    session.use_lora("ink", 0)
    (finished,) = session.finish(drafts[0])
    (use,) = session.turns[-1].options["loras"]
    assert (use["digest"], use["strength"]) == (lora.digest, 2.0)
    session.use_lora(lora, 2.0)
    (again,) = session.generate(
        "abc", num_images=1, seed=drafts[0].seed, **QUICK | {"num_inference_steps": 3}
    )
    assert finished == again
    assert session.replay().same


def test_a_saved_session_remembers_it(session: Session, tmp_path: Path) -> None:
    wanted = made(session)
    session.use_lora("ink", 0.5)
    session.undo()
    session.save(tmp_path / "a.fabric")
    shelf._met.clear()  # as in another process
    opened = Session.open(tiny.pipeline(), tmp_path / "a.fabric")
    assert opened.loras == {"ink": 2.0}
    assert made(opened) == wanted
    assert opened.replay().same
    opened.undo()
    opened.redo()
    assert opened.lora("ink").digest == session.lora("ink").digest


def test_weights_that_are_not_here_are_asked_for(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = session.lora("ink").save(tmp_path)
    session.save(tmp_path / "a.fabric")
    shelf._met.clear()
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "elsewhere"))
    opened = Session.open(tiny.pipeline(), tmp_path / "a.fabric")
    with pytest.raises(FabricError, match="weights are not on this machine: give its file"):
        made(opened)
    opened.use_lora(TasteLoRA.load(path), 2.0)
    made(opened)


def test_a_journal_tells_of_it() -> None:
    before = State(next_seed=0)
    after = before.with_lora(LoRAUse("ink", "ab", 0.5))
    delta = delta_of(before, after)
    assert delta == {"loras": [{"name": "ink", "digest": "ab", "strength": 0.5}]}
    assert state_after(before, delta, lambda _: pytest.fail("no picture")) == after
    with pytest.raises(ValueError, match="the strength of a LoRA"):
        state_after(before, {"loras": [{"name": "a", "digest": "b", "strength": 9}]}, dict)  # type: ignore[arg-type]


def test_code_cannot_say_weights(session: Session, tmp_path: Path) -> None:
    made(session)
    with pytest.raises(ValueError, match="was made with a LoRA"):
        session.export(tmp_path / "a.py")


def test_something_else_is_no_lora(session: Session) -> None:
    with pytest.raises(TypeError, match="give a TasteLoRA"):
        session.use_lora(3)  # type: ignore[arg-type]

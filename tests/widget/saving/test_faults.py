"""Full disks, lost folders, failed rounds: nothing is lost, and it is said what to do."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest
import torch

import fabric_widget
from fabric_widget.session.journal import disk
from tests.widget.fakes import PATIENCE, Studio
from tests.widget.saving.kernels import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]


def test_a_full_disk_is_one_quiet_note_and_is_tried_again(
    make: Make, root: Path, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = make(auto=False, autosave=root)
    widget.generate().result(PATIENCE)
    assert widget._autosaver.flush()
    write, full = os.write, [True]

    def no_room(file: int, content: Any) -> int:
        if not full:
            return write(file, content)
        write(file, content[: len(content) // 3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk.os, "write", no_room)  # type: ignore[attr-defined]
    widget.like(0)
    widget.generate().result(PATIENCE)
    widget.dislike(1)
    assert not widget._autosaver.flush()
    front.wait(lambda: front.status["notice"])
    text = front.status["notice"]["text"]
    assert text.count("No space left on device") == 1
    assert "autosave=" in text
    assert front.status["error"] is None
    assert widget.session.undoable == "vote"
    full.clear()
    assert widget._autosaver.flush()
    (saved,) = fabric_widget.sessions(root)
    assert not saved.damage
    assert facts(saved.open(widget.session.fabric)) == facts(widget.session)


def test_a_place_that_cannot_be_written_is_a_note_too(make: Make, root: Path, front: Front) -> None:
    root.write_text("a file is in the way")
    widget = make(auto=False, autosave=root)
    widget.generate().result(PATIENCE)
    front.wait(lambda: front.status["notice"])
    assert f"{root} cannot be written" in front.status["notice"]["text"]
    root.unlink()
    widget.like(0)
    assert widget._autosaver.flush()
    assert [(s.rounds, s.votes) for s in fabric_widget.sessions(root)] == [(1, 1)]


def test_a_folder_that_was_deleted_is_made_anew(voted: FabricWidget, root: Path) -> None:
    (saved,) = fabric_widget.sessions(root)
    for path in saved.folder.iterdir():
        path.unlink()
    saved.folder.rmdir()
    voted.like(1)
    voted._autosaver.flush()
    voted.like(0, 0.5)
    assert voted._autosaver.flush()
    (again,) = fabric_widget.sessions(root)
    assert again.name != saved.name
    assert facts(again.open(voted.session.fabric)) == facts(voted.session)


@pytest.mark.parametrize(
    "failure",
    [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("odd"), MemoryError()],
    ids=lambda error: type(error).__name__,
)
def test_what_failed_is_tried_again_with_the_same_seeds(
    make: Make, studio: Studio, front: Front, failure: BaseException
) -> None:
    widget = make(auto=False, prompt="a fox")
    widget.generate().result(PATIENCE)
    widget.like(0)
    before = facts(widget.session)
    studio.failure = failure
    with pytest.raises(type(failure)):
        widget.generate().result(PATIENCE)
    front.wait_phase("error")
    assert front.status["error"]["retry"]
    assert facts(widget.session) == before
    widget.seed, widget.prompt = 77, "something else meanwhile"
    front.call("retry")
    front.wait(lambda: len(widget.history) == 2)
    assert [(r["prompt"], r["seed"]) for r in studio.requests[-2:]] == [("a fox", 2)] * 2
    front.wait_phase("ready")
    assert front.status["error"] is None
    with pytest.raises(ValueError, match="nothing failed"):
        widget.retry()

"""The widget's session saves itself, and goes on in another kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fabric_widget
from fabric_widget import Autosave
from fabric_widget.session import Session
from fabric_widget.session.journal.lock import SessionLock
from fabric_widget.widget import FabricWidget
from fabric_widget.widget.saving import autosaver
from tests.widget.fakes import PATIENCE
from tests.widget.saving.kernels import facts, gone, other

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]


def test_everything_is_on_disk_without_being_asked(voted: FabricWidget, root: Path) -> None:
    (saved,) = fabric_widget.sessions(root)
    assert (saved.rounds, saved.votes, saved.prompt) == (2, 1, "a fox")
    assert not saved.finished
    assert saved.held_by is not None
    assert saved.held_by.here
    assert facts(saved.open(voted.session.fabric)) == facts(voted.session)


def test_nothing_is_written_before_the_first_picture(make: Make, root: Path) -> None:
    widget = make(autosave=root)
    assert widget._autosaver.flush()
    assert not root.exists()


def test_another_kernel_offers_to_continue_and_does(
    voted: FabricWidget, make: Make, root: Path, front: Front
) -> None:
    before = facts(voted.session)
    gone(voted)
    widget = other(make, root)
    front.wait(lambda: front.state["saving"]["offer"])
    offer = front.state["saving"]["offer"]
    assert (offer["rounds"], offer["votes"], offer["prompt"]) == (2, 1, "a fox")
    assert [bytes(thumb[:2]) for thumb in offer["thumbs"]] == [b"\xff\xd8"] * 4
    assert front.call("resume", name=offer["name"])["type"] == "answer"
    assert front.state["saving"]["offer"] is None
    assert facts(widget.session) == before
    assert front.state["round"]["index"] == 1
    assert front.state["prompt"] == "a fox"
    assert list(front.state["votes"].values()) == [1.0]
    widget.generate().result(PATIENCE)
    assert widget._autosaver.flush()
    (saved,) = fabric_widget.sessions(root)
    assert saved.rounds == 3
    assert widget.session.undoable == "round"


def test_a_round_takes_the_offer_back_and_loses_nothing(
    voted: FabricWidget, make: Make, root: Path, front: Front
) -> None:
    gone(voted)
    widget = other(make, root)
    front.wait(lambda: front.state["saving"]["offer"])
    (before,) = widget.unfinished
    widget.generate().result(PATIENCE)
    assert front.state["saving"]["offer"] is None
    assert widget._autosaver.flush()
    assert [saved.rounds for saved in fabric_widget.sessions(root)] == [1, 2]
    assert [saved.name for saved in widget.unfinished] == [before.name]
    widget.resume(before)
    assert len(widget.history) == 2


def test_starting_anew_is_not_asked_twice(
    voted: FabricWidget, make: Make, root: Path, front: Front
) -> None:
    gone(voted)
    other(make, root)
    front.wait(lambda: front.state["saving"]["offer"])
    front.call("anew")
    assert front.state["saving"]["offer"] is None
    assert other(make, root).unfinished == []
    assert [saved.finished for saved in fabric_widget.sessions(root)] == [True]


def test_closing_finishes_and_a_page_that_goes_does_not(
    voted: FabricWidget, make: Make, root: Path
) -> None:
    voted._on_comm_closed({})
    assert not fabric_widget.sessions(root)[0].finished
    widget = make(voted.session, autosave=root)
    assert len(widget.history) == 2
    widget.close()
    (saved,) = fabric_widget.sessions(root)
    assert saved.finished
    assert saved.held_by is None
    voted.session.star(voted.session.rounds[0][0])  # something happens after all
    assert autosaver._journals[voted.session].flush(PATIENCE)
    (saved,) = fabric_widget.sessions(root)
    assert not saved.finished


def test_a_cell_that_is_run_again_goes_on_with_the_session_in_memory(
    voted: FabricWidget, make: Make, root: Path
) -> None:
    again = make(Session(voted.session.fabric), autosave=root, auto=False)
    assert again.session is not voted.session
    assert again.resume() is voted.session
    again.generate().result(PATIENCE)
    assert len(voted.session.rounds) == 3
    assert len(fabric_widget.sessions(root)) == 1


def test_a_cell_that_loads_the_model_again_takes_the_session_over(
    voted: FabricWidget, make: Make, root: Path
) -> None:
    again = other(make, root)
    taken = again.resume()
    assert taken is not voted.session
    assert facts(taken) == facts(voted.session)
    taken.star(taken.rounds[0][0])
    voted.session.generate("in the old one")  # goes into a folder of its own
    assert again._autosaver.flush()
    assert autosaver._journals[voted.session].flush(PATIENCE)
    counts = [(s.rounds, s.open(taken.fabric).starred != ()) for s in fabric_widget.sessions(root)]
    assert sorted(counts) == [(2, True), (3, False)]


# Without torch, which takes seconds to import.
_HOLDS = """
import filelock, json, os, socket, sys, time
lock = filelock.FileLock(sys.argv[1] + "/lock")
lock.acquire()
with open(sys.argv[1] + "/holder.json", "w") as file:
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}, file)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_session_in_use_elsewhere_is_continued_in_a_copy(
    voted: FabricWidget, make: Make, root: Path, front: Front
) -> None:
    gone(voted)
    (saved,) = fabric_widget.sessions(root)
    content = (saved.folder / "journal.jsonl").read_bytes()
    command = [sys.executable, "-c", _HOLDS, str(saved.folder)]
    with subprocess.Popen(  # noqa: S603  (our own interpreter)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        widget = other(make, root)
        front.wait(lambda: front.state["saving"]["offer"])
        who = f"another kernel (process {holder.pid}, since "
        assert who in front.state["saving"]["offer"]["note"]
        widget.resume()
        assert widget._autosaver.flush()
        assert len(fabric_widget.sessions(root)) == 1  # only looked at
        assert who in front.status["notice"]["text"]
        widget.generate().result(PATIENCE)
        assert widget._autosaver.flush()
        assert (saved.folder / "journal.jsonl").read_bytes() == content
        assert sorted(s.rounds for s in fabric_widget.sessions(root)) == [2, 3]
        with pytest.raises(OSError, match=f"process {holder.pid}"):
            saved.delete()
        holder.kill()
    assert saved.held_by is None  # a dead process holds nothing
    saved.delete()
    assert [s.rounds for s in fabric_widget.sessions(root)] == [3]


def test_without_threads_it_is_written_at_once(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FabricWidget, "_threads", False)
    widget = make(auto=False, autosave=root)
    widget.generate()
    assert fabric_widget.sessions(root)[0].rounds == 1
    widget.like(0)
    assert fabric_widget.sessions(root)[0].votes == 1


def test_the_oldest_finished_ones_go_first(make: Make, root: Path) -> None:
    names = {}
    for kind in ("left", "finished", "in use", "new"):
        widget = other(make, Path(root))
        widget.generate().result(PATIENCE)
        assert widget._autosaver.flush()
        journal = autosaver._journals[widget.session]
        assert journal.folder is not None
        names[kind] = journal.folder
        if kind == "left":
            gone(widget)
        if kind == "finished":
            widget.close()
    held = {names["in use"], names["new"]}
    for sessions, kept in [(3, {"left", "in use", "new"}), (1, {"in use", "new"})]:
        limits = Autosave(root, sessions=sessions)
        from fabric_widget.session.journal import Store

        Store(limits).make_room(names["new"])
        assert {s.folder for s in fabric_widget.sessions(root)} == {names[kind] for kind in kept}
    assert held == {s.folder for s in fabric_widget.sessions(root)}


def test_an_offer_of_another_model_says_so(
    voted: FabricWidget, make: Make, root: Path, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(voted)
    journal = fabric_widget.sessions(root)[0].folder / "journal.jsonl"
    assert b'"fingerprint":""' in journal.read_bytes()
    monkeypatch.setattr(autosaver, "fingerprint", lambda _fabric: "aa")
    another = other(make, root)
    another.generate().result(PATIENCE)
    assert another._autosaver.flush()
    gone(another)
    monkeypatch.setattr(autosaver, "fingerprint", lambda _fabric: "bb")
    other(make, root)
    front.wait(lambda: front.state["saving"]["offer"])
    assert "another model" in front.state["saving"]["offer"]["note"]
    assert SessionLock(journal.parent).acquire()

"""The widget's session saves itself, and goes on in another kernel."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

import fabric_widget
from fabric_widget import Autosave
from fabric_widget.session import Session
from fabric_widget.session.journal import disk
from fabric_widget.session.journal.lock import SessionLock
from fabric_widget.widget import FabricWidget
from fabric_widget.widget.saving import autosaver, notebook, places
from tests.widget.fakes import PATIENCE, Studio

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture
def voted(make: Make, root: Path) -> FabricWidget:
    """Return a widget with two rounds and a vote, all on disk."""
    widget = make(auto=False, autosave=root, prompt="a fox")
    widget.generate().result(PATIENCE)
    widget.like(0)
    widget.generate().result(PATIENCE)
    assert widget._autosaver.flush()
    return widget


def gone(widget: FabricWidget) -> None:
    """Leave a widget as a kernel does that was killed: nothing is said, its lock is gone."""
    session = widget.session
    session.observe(None)
    autosaver._journals.pop(session).let_go(PATIENCE)
    from fabric_widget.session.journal import journal

    journal._live.clear()


def other(make: Make, root: Path, **settings: Any) -> FabricWidget:
    """Return a widget as another kernel would make it."""
    return make(Session(Studio()), autosave=root, auto=False, **settings)  # type: ignore[arg-type]


def facts(session: Session) -> Any:
    line, at = session._history.line
    return [(len(s.turns), s.current, s.prompt, s.starred, s.next_seed) for s in line], at


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


@pytest.mark.parametrize(
    ("given", "word", "expected"),
    [
        (None, "off", None),
        (None, "0", None),
        (None, "", Autosave()),
        (None, "on", Autosave()),
        (None, "/tmp/x", Autosave("/tmp/x")),  # noqa: S108  (nothing is written)
        (False, "on", None),
        (True, "off", Autosave()),
        (Autosave(sessions=3), "off", Autosave(sessions=3)),
        ("here", "", Autosave(Path("/books/fabric_widget_sessions"))),
    ],
)
def test_where_sessions_are_kept(
    given: Any, word: str, expected: Autosave | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIC_WIDGET_AUTOSAVE", word)
    monkeypatch.setenv("JPY_SESSION_NAME", "/books/foxes.ipynb")
    assert places.autosave_of(given) == expected


@pytest.mark.parametrize("given", [3, object(), Autosave], ids=["number", "object", "class"])
def test_what_says_not_where_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="'here'"):
        FabricWidget(autosave=given)


@pytest.mark.parametrize("limits", [{"sessions": 0}, {"gigabytes": 0}, {"sessions": 1.5}])
def test_limits_out_of_range_are_refused(limits: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        Autosave(**limits)


def test_the_drive_of_colab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(places, "DRIVE", tmp_path / "MyDrive")
    with pytest.raises(ValueError, match=r"drive\.mount"):
        places.autosave_of("drive")
    assert "drive.mount" in places.hint_for_colab(Autosave())
    (tmp_path / "MyDrive").mkdir()
    assert places.autosave_of("drive") == Autosave(tmp_path / "MyDrive/fabric_widget_sessions")
    hint = places.hint_for_colab(Autosave())
    assert "autosave='drive'" in hint
    assert "mount" not in hint
    assert not places.hint_for_colab(Autosave("/content/drive/MyDrive/x"))


def test_notebooks_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook.notebook_name() == str(tmp_path)
    monkeypatch.setattr(notebook, "_variables", lambda: {"__vsc_ipynb_file__": "/a/b.ipynb"})
    assert notebook.notebook_name() == "/a/b.ipynb"
    assert notebook.notebook_folder() == Path("/a")
    monkeypatch.setenv("JPY_SESSION_NAME", "c.ipynb")
    assert notebook.notebook_name() == str(tmp_path / "c.ipynb")


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

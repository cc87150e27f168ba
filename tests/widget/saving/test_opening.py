"""A session file comes into a widget that has a session already: nothing of either is lost."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import pytest

import fabric_widget
from fabric_widget.engine import Fabric
from fabric_widget.session import Session, SessionFileError
from fabric_widget.widget.saving import incoming
from fabric_widget.zoo import tiny
from tests.session.files.hostile import exchanged, members_of
from tests.session.files.small import facts, small_session
from tests.widget.fakes import PATIENCE, Studio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]

SMALL = 1000  # bytes of a piece here


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of temporary files; a page sends small pieces."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(incoming, "PIECE", SMALL)
    monkeypatch.setattr("fabric_widget.widget.messages.handlers.PIECE", SMALL)
    return folder


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    small_session().save(tmp_path / "cats.fabric")
    return tmp_path / "cats.fabric"


def begin(front: Front, data: bytes, name: str = "cats.fabric") -> int:
    number: int = front.call("open_file", name=name, size=len(data))["file"]
    return number


def pieces(data: bytes) -> list[bytes]:
    return [data[at : at + SMALL] for at in range(0, len(data), SMALL)]


def send(front: Front, data: bytes, name: str = "cats.fabric") -> dict[str, Any]:
    """Send a file as a page does; return the last answer."""
    number = begin(front, data, name)
    for index, piece in enumerate(pieces(data)):
        told = front.call("open_piece", [piece], file=number, index=index)
        assert told["received"] == min((index + 1) * SMALL, len(data))
    return front.call("open_whole", file=number)


@pytest.mark.parametrize("sent", [True, False], ids=["in pieces", "by its place"])
def test_what_is_opened_is_the_session_that_was_saved(
    make: Make, front: Front, cats: Path, temporary: Path, sent: bool
) -> None:
    widget = make(prompt="a fish")
    if sent:
        assert send(front, cats.read_bytes())["type"] == "answer"
        cats.unlink()  # of a page's file the kernel knows no more
    else:
        assert widget.open(cats) is widget.session
    assert facts(widget.session) == facts(small_session())
    assert list(temporary.iterdir()) == []
    assert front.status["message"] == "Opened cats.fabric: 2 rounds, 2 votes."
    assert front.state["round"]["index"] == 0
    assert (widget.prompt, len(front.state["votes"])) == ("a “cat” ✓ <b>", 2)
    assert front.state["saving"]["offer"] is None  # there was nothing to be kept
    widget.undo()
    assert widget.session.undoable


def test_opening_is_a_matter_of_disk_and_not_of_memory(
    make: Make, front: Front, cats: Path, temporary: Path
) -> None:
    make()
    data = cats.read_bytes()
    number = begin(front, data)
    for index, piece in enumerate(pieces(data)[:3]):
        front.call("open_piece", [piece], file=number, index=index)
    (part,) = temporary.iterdir()
    assert part.read_bytes() == data[: 3 * SMALL]
    begin(front, data)  # another one takes its place
    assert [path.stat().st_size for path in temporary.iterdir()] == [0]
    assert "not being sent any more" in front.call("open_whole", file=number)["message"]


@pytest.mark.parametrize("kept", ["on disk", "in memory"])
def test_the_session_of_before_is_kept_and_offered(
    make: Make, front: Front, root: Path, cats: Path, kept: str
) -> None:
    widget = make(autosave=root if kept == "on disk" else False, auto=False, prompt="a fox")
    widget.generate().result(PATIENCE)
    widget.like(0)
    before = widget.session
    opened = widget.open(cats)
    offer = front.state["saving"]["offer"]
    assert (offer["rounds"], offer["votes"], offer["prompt"], offer["left"]) == (
        1,
        1,
        "a fox",
        True,
    )
    assert [bytes(thumb[:2]) for thumb in offer["thumbs"]] == [b"\xff\xd8"] * 2
    again = front.reload()  # a page that is loaded again has the same
    assert [bytes(one) for one in again["saving"]["offer"]["thumbs"]] == [
        bytes(one) for one in offer["thumbs"]
    ]
    assert [one["id"] for one in again["round"]["images"]] == [
        one["id"] for one in front.state["round"]["images"]
    ]
    assert front.call("resume", name=offer["name"])["type"] == "answer"
    assert widget.session is before
    assert (front.state["prompt"], len(front.state["votes"])) == ("a fox", 1)
    offer = front.state["saving"]["offer"]
    assert (offer["rounds"], offer["left"]) == (2, True)  # and back again
    assert widget.resume() is opened
    front.call("anew")  # let it be: it is kept all the same
    assert front.state["saving"]["offer"] is None
    assert widget.resume() is before
    if kept == "on disk":
        assert not any(saved.finished for saved in fabric_widget.sessions(root))


def test_what_memory_alone_has_is_never_dropped(make: Make, cats: Path) -> None:
    widget = make(autosave=False, auto=False)
    widget.generate().result(PATIENCE)
    first = widget.session
    for _ in range(3):
        widget.open(cats)
    back = [widget.resume() for _ in range(2)]
    assert back[0] is not first  # the one opened before
    assert first in widget._offers._switch.left


def test_nothing_is_written_before_something_happens_in_it(
    make: Make, front: Front, root: Path, cats: Path
) -> None:
    widget = make(autosave=root, auto=False)
    send(front, cats.read_bytes())
    assert widget._autosaver.flush()
    assert fabric_widget.sessions(root) == []  # whoever sent it has it
    widget.star(0)
    assert widget._autosaver.flush()
    (saved,) = fabric_widget.sessions(root)
    assert facts(saved.open(widget.session.fabric)) == facts(widget.session)


def test_votes_that_wait_for_a_round_wait_in_vain(make: Make, cats: Path) -> None:
    widget = make(auto=True)
    widget.generate().result(PATIENCE)
    widget.like(0)
    assert widget._worker.pending
    widget.open(cats)
    assert not widget._worker.pending


def test_a_session_waits_for_a_round_that_is_being_made(
    make: Make, front: Front, studio: Studio, cats: Path
) -> None:
    widget = make(auto=False)
    hold = studio.hold(2)
    outcome = widget.generate()
    hold.wait()
    assert "a round is being made" in send(front, cats.read_bytes())["message"]
    hold.release()
    outcome.result(PATIENCE)
    assert len(widget.history) == 1


def damaged(data: bytes) -> bytes:
    at = data.index(b"IDAT", data.index(b"IDAT") + 1)
    return data[: at + 6] + bytes([data[at + 6] ^ 255]) + data[at + 7 :]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: b"no session at all", "this is no .fabric file, or it was cut short"),
        (lambda data: data[:-40], "it was cut short"),
        (damaged, ".png: its bytes are not those that were saved"),
        (None, "it was exchanged or changed"),
    ],
    ids=["text", "cut", "damaged", "exchanged"],
)
def test_a_bad_file_is_told_in_words_and_changes_nothing(
    make: Make, front: Front, cats: Path, temporary: Path, change: Any, words: str
) -> None:
    widget = make(auto=False)
    widget.generate().result(PATIENCE)
    before, prompt = widget.session, widget.prompt
    data = change(cats.read_bytes()) if change else exchanged(".png")(members_of(cats))
    answer = send(front, data)
    assert answer["type"] == "failed"
    assert words in answer["message"]
    assert "the session in cats.fabric is damaged or incomplete" in answer["message"]
    assert str(temporary) not in answer["message"]
    assert widget.session is before
    assert (widget.prompt, len(widget.history)) == (prompt, 1)
    assert front.state["saving"]["offer"] is None
    assert list(temporary.iterdir()) == []


def test_errors_of_a_place_name_the_place(make: Make, tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=str(tmp_path)):
        make().open(tmp_path / "dogs.fabric")


@pytest.mark.parametrize(
    ("indices", "change", "words"),
    [
        ([0, 2], None, "piece 3 of {n} came when 2 was due"),
        ([0, 0], None, "piece 1 of {n} came when 2 was due"),
        ([0, 1], lambda piece: piece[:-1], "piece 2 has 999 bytes, and 1000 were due"),
        ([0], lambda piece: piece + b"x", "piece 1 has 1001 bytes, and 1000 were due"),
        ([0], lambda _: b"", "piece 1 has 0 bytes"),
        ([-1], None, "piece 0 of {n} came when 1 was due"),
        ([0, 1], None, "2 of {n} pieces came"),
    ],
    ids=["left out", "twice", "short", "long", "empty", "before the first", "missing"],
)
def test_pieces_that_do_not_fit_are_refused(
    make: Make,
    front: Front,
    cats: Path,
    temporary: Path,
    indices: list[int],
    change: Any,
    words: str,
) -> None:
    make()
    data = cats.read_bytes()
    cut = pieces(data)
    number = begin(front, data)
    for at, index in enumerate(indices):
        last = at == len(indices) - 1
        piece = change(cut[index]) if change and last else cut[index]
        answer = front.call("open_piece", [piece], file=number, index=index)
    if words.endswith("pieces came"):
        answer = front.call("open_whole", file=number)
    assert answer["type"] == "failed"
    assert words.format(n=len(cut)) in answer["message"]
    assert list(temporary.iterdir()) == []
    again = front.call("open_piece", [cut[0]], file=number, index=0)
    assert "not being sent any more" in again["message"]


def test_more_pieces_than_were_told_are_refused(make: Make, front: Front, cats: Path) -> None:
    make()
    data = cats.read_bytes()[: 2 * SMALL]
    number = begin(front, data)
    for index, piece in enumerate(pieces(data)):
        front.call("open_piece", [piece], file=number, index=index)
    answer = front.call("open_piece", [b"x"], file=number, index=2)
    assert "piece 3 has 1 bytes, and 0 were due" in answer["message"]


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "is empty"), (-5, "is empty"), (3 * 10**9, "at most 2 GB: copy it"), (10**9, "no room")],
)
def test_a_size_that_cannot_be_is_refused(
    make: Make, front: Front, size: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    monkeypatch.setattr(incoming, "_SPARE", 10**15)
    assert words in front.call("open_file", name="cats.fabric", size=size)["message"]


def test_a_full_disk_is_told_and_leaves_nothing(
    make: Make, front: Front, cats: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    data = cats.read_bytes()
    number = begin(front, data)

    def full(_descriptor: int, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(incoming, "_write", full)
    answer = front.call("open_piece", pieces(data)[:1], file=number, index=0)
    assert "No space left on device" in answer["message"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("how", ["cancel", "close", "forget"])
def test_a_file_that_is_given_up_leaves_nothing(front: Front, temporary: Path, how: str) -> None:
    taking = incoming.Incoming()
    number = taking.begin("cats.fabric", 10)
    assert len(list(temporary.iterdir())) == 1
    if how == "cancel":
        taking.cancel(number + 1)
        assert len(list(temporary.iterdir())) == 1  # that was another one
        taking.cancel(number)
    elif how == "close":
        taking.cancel()
    del taking
    assert list(temporary.iterdir()) == []
    assert front is not None


def test_a_session_of_another_pipeline_is_opened_and_says_what_differs(
    make: Make, front: Front, tmp_path: Path
) -> None:
    quick: dict[str, Any] = {"num_images": 1, "num_inference_steps": 2, "guidance_scale": 3.0}
    here, there = tiny.pipeline(), tiny.pipeline()
    there.unet.conv_out.weight.data.neg_()
    session = Session(Fabric(there))
    session.generate("abc", **quick)
    session.save(tmp_path / "there.fabric")
    widget = make(here, auto=False)
    opened = widget.open(tmp_path / "there.fabric")
    assert len(front.state["round"]["images"]) == 1
    (differs,) = opened.differences
    assert differs.startswith("weights unet: ")
    assert differs in front.status["notice"]["text"]
    assert Session.open(there, tmp_path / "there.fabric").differences == ()
    assert session.differences == ()
